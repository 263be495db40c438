"""Comparisons of a real, small scenario: common random numbers, what is left, and resuming."""

import json
import os
import signal
from pathlib import Path
from statistics import variance

import pyarrow.parquet as pq
import pytest

import emu
from emu.analysis.comparison import Verdict
from emu.analysis.metrics import METRICS

NODEPORT = Path(__file__).parents[2] / "scenarios" / "nodeport.yaml"
SHORT = {"spec.duration": "3s", "spec.warmup": "0s"}
WORKERS = {"spec.behaviours[0].workers": [4, 5]}
REPLICATIONS = 6


def compare(out, vary=WORKERS, replications=REPLICATIONS, **options):
    """A short comparison of variants of the reference scenario."""
    options = {"overrides": SHORT, "engine": "process"} | options
    return emu.compare(NODEPORT, vary, replications, out=out, **options)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A results folder."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def workers(out):
    """One more worker a Pod, over six seeds."""
    return compare(out)


def column(comparison, name, variant):
    """A column of the replications of one variant."""
    rows = comparison.table.to_pylist()
    return [row[name] for row in rows if row["variant"] == variant]


def test_variants_meet_the_same_arrivals_and_demands(out):
    """Under one seed the requests of two variants are meant to be sent at the same moments, and
    are served as long; under another seed they are not.
    """
    rows = compare(out, overrides=SHORT | {"spec.log": "requests"}, replications=2)
    one, one_later, other = (
        met(emu.open_run(out / run).requests)
        for run in (*column(rows, "run", 0), column(rows, "run", 1)[0])
    )
    both = one.keys() & other.keys()
    assert len(both) > 600
    assert all(one[request] == other[request] for request in both)
    assert not any(one[request] == one_later[request] for request in both & one_later.keys())


def met(requests):
    """When each request that was served was meant to be sent, and how long it was served."""
    return {
        row["request"]: (row["intended_ns"], row["service_end_ns"] - row["service_start_ns"])
        for row in requests.to_pylist()
        if row["service_end_ns"] is not None
    }


def test_common_random_numbers_make_the_interval_narrow(workers):
    """The paired interval is far narrower than what the two means alone would allow."""
    name = "latency_mean_seconds"
    slow, fast = (column(workers, name, variant) for variant in (0, 1))
    paired = variance([b - a for a, b in zip(slow, fast, strict=True)])
    assert paired < 0.5 * (variance(slow) + variance(fast))
    found = workers.variants[1].metrics[name].difference
    assert found.verdict == Verdict.LOWER
    assert found.mean == pytest.approx((sum(fast) - sum(slow)) / REPLICATIONS)


def test_variants_that_are_the_same_differ_by_exactly_nothing(out):
    """The same strategy written in two ways, with exact quantiles: no difference, no interval."""
    vary = {"spec.loadBalancers[0].strategy": ["round_robin", {"round_robin": {}}]}
    same = compare(out, vary, 3, overrides=SHORT | {"spec.log": "requests"})
    one, other = same.variants
    assert one.digest == other.digest
    for found in other.metrics.values():
        assert (found.difference.mean, found.difference.verdict) == (0.0, Verdict.EQUAL)
    assert column(same, "run", 0) == column(same, "run", 1)


def test_seeds_follow_one_another(workers, out):
    """Replication r of each variant has the first seed + r, the file's or another."""
    assert column(workers, "seed", 0) == column(workers, "seed", 1) == [3, 4, 5, 6, 7, 8]
    assert column(workers, "replication", 1) == list(range(6))
    later = compare(out, seed=7, replications=2)
    assert (later.seed, column(later, "seed", 1)) == (7, [7, 8])
    assert column(later, "run", 1) == column(workers, "run", 1)[4:]


def test_runs_are_ordinary_runs(workers, out):
    """Each is found by its folder, has the numbers of its row, and logs its summary alone."""
    for row in workers.table.to_pylist():
        run = emu.open_run(out / row["run"])
        assert run.summary.log == "summary"
        assert row["quantile_error"] == run.summary.quantile_error > 0
        assert {metric.name: row[metric.name] for metric in METRICS} == {
            metric.name: metric.of(run.summary) for metric in METRICS
        }
        assert (run.path / "requests.parquet").stat().st_size < 20_000


def test_what_is_found_again_is_not_run_again(workers, out):
    """The same comparison again makes no run, and leaves the same bytes."""
    files = [workers.path / "replications.parquet", workers.path / "comparison.json"]
    assert sorted(workers.path.iterdir()) == sorted(files)
    before = [file.read_bytes() for file in files]
    runs = {path: path.stat().st_mtime_ns for path in (out / "nodeport").glob("*-s*")}
    again = compare(out)
    assert again.path == workers.path
    assert [file.read_bytes() for file in files] == before
    assert runs == {path: path.stat().st_mtime_ns for path in (out / "nodeport").glob("*-s*")}


def test_another_confidence_is_another_comparison_of_the_same_runs(workers, out):
    """With a wider interval, in a folder of its own."""
    surer = compare(out, confidence=0.99)
    assert surer.path != workers.path
    name = "latency_mean_seconds"
    sure, usual = (one.variants[0].metrics[name].estimate for one in (surer, workers))
    assert sure.mean == usual.mean
    assert sure.low < usual.low < usual.high < sure.high


def test_the_table_explains_itself(workers):
    """Columns have units and meanings; the metadata says what was compared, and with what."""
    table = pq.read_table(workers.path / "replications.parquet")
    assert table.num_rows == 2 * REPLICATIONS
    field = table.schema.field("latency_p99_seconds")
    assert field.metadata == {
        b"unit": b"s", b"description": b"latency that 99 % of the ok requests do not exceed",
    }  # fmt: skip
    header = json.loads(table.schema.metadata[b"emu"])
    assert header["versions"]["emu"] == emu.__version__
    assert (header["scenario"], header["seed"]) == ("nodeport", 3)
    assert table["name"].to_pylist() == ["4", "5"] * REPLICATIONS


def test_the_document_has_every_number(workers):
    """Each variant with its settings and metrics; each but the first with its differences."""
    document = workers.document()
    written = json.loads((workers.path / "comparison.json").read_text())
    assert document == written | {"comparison_dir": str(workers.path)}
    first, other = document["variants"]
    assert first["settings"] == {"spec.behaviours[0].workers": 4}
    assert list(first["metrics"]) == list(other["metrics"]) == [one.name for one in METRICS]
    assert set(first["metrics"]["ok_share"]) == {"estimate"}
    found = other["metrics"]["latency_mean_seconds"]
    assert set(found["estimate"]) == {"replications", "mean", "low", "high"}
    assert found["difference"]["verdict"] == "lower"
    assert found["difference"]["words"].startswith("latency mean lower by ")
    assert found["difference"]["low"] < found["difference"]["mean"] < found["difference"]["high"]


def test_one_replication_has_no_interval(out):
    """There is a difference and nothing to hold it against, and so it is said."""
    alone = compare(out, replications=1)
    found = alone.variants[1].metrics["latency_mean_seconds"]
    assert (found.estimate.low, found.difference.low) == (None, None)
    assert found.difference.verdict == Verdict.UNKNOWN
    assert (
        alone.variants[1]
        .sentences(0.95)["latency_mean_seconds"]
        .endswith("ms, no interval from one replication")
    )


def test_jupyter_shows_the_table(workers):
    """As text and as HTML."""
    shown = workers._repr_mimebundle_()
    assert "6 replications of each of 2 variants, seeds 3 to 8" in shown["text/plain"]
    assert "lower by" in shown["text/html"]


def test_nothing_runs_where_a_variant_is_wrong(tmp_path):
    """Every mistake of every variant is told, each once, before the first run."""
    vary = {"spec.behaviours[0].workers": [1, -1, "x"], "spec.clients[0].timeout": ["1s", "ages"]}
    with pytest.raises(emu.ScenarioError) as error:
        compare(tmp_path, vary)
    assert [str(mistake).partition(": must")[0] for mistake in error.value.mistakes] == [
        "override: spec.clients[0].timeout = ages",
        "override: spec.behaviours[0].workers = -1",
        "override: spec.behaviours[0].workers = x",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replications": 0}, "replications = 0: must be at least 1"),
        ({"confidence": 95}, "confidence = 95: must be from 0.5 to 0.9999"),
        ({"seed": 2**63 - 2}, "spec.seed = 9223372036854775806: leaves too few seeds"),
    ],
)
def test_what_is_refused(tmp_path, options, message):
    """With the value and the rule."""
    with pytest.raises(emu.ScenarioError) as error:
        compare(tmp_path, **options)
    assert str(error.value).startswith(message)
    with pytest.raises(emu.UnknownNameError, match="unknown engine 'warp'"):
        compare(tmp_path, engine="warp")


def test_variants_have_the_same_seed(tmp_path):
    """A specification that is replaced as a whole may bring another; one seed is then for all."""
    client = {"clients": [{"name": "internet", "arrivals": {"constant": {"rate": "50/s"}}}]}
    vary = {"spec": [client | {"seed": seed, "requests": 20 + seed} for seed in (1, 2)]}
    with pytest.raises(emu.ScenarioError, match=r"spec\.seed = 1: is not the seed of all variants"):
        compare(tmp_path, vary, 1, overrides={})
    made = compare(tmp_path, vary, 1, overrides={}, seed=5)
    assert [column(made, "seed", variant) for variant in (0, 1)] == [[5], [5]]


def test_progress_goes_on_to_the_end(tmp_path):
    """In runs and parts of them, never backwards."""
    calls = []
    compare(tmp_path, replications=2, progress=lambda *now: calls.append(now))
    assert calls == sorted(calls)
    assert calls[-1] == (4, 4)
    assert {of for _, of in calls} == {4}
    assert any(done != int(done) for done, _ in calls)


def test_an_interrupt_leaves_what_is_done(tmp_path):
    """Runs that were whole are found again; there is no comparison yet."""

    def press(done, of):
        if done == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path, progress=press)
    folders = list((tmp_path / "nodeport").iterdir())
    assert not any(path.name.startswith("compare-") for path in folders)
    whole = {path for path in folders if not emu.open_run(path).summary.partial}
    assert len(whole) >= 3
    times = {path: path.stat().st_mtime_ns for path in whole}
    compare(tmp_path)
    assert times == {path: path.stat().st_mtime_ns for path in whole}
