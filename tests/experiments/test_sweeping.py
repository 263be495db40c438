"""Sweeps of a real, small scenario: what they leave, in which order, and what fails."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import emu
from emu.analysis.comparison import compared
from emu.analysis.metrics import METRICS

NODEPORT = Path(__file__).parents[2] / "scenarios" / "nodeport.yaml"
SHORT = {"spec.duration": "2s", "spec.warmup": "0s"}
WORKERS = "spec.behaviours[0].workers"
RATE = "spec.clients[0].arrivals.poisson.rate"
VARY = {WORKERS: "4..5", RATE: ["100/s", "200/s", "300/s"]}
FILES = ["points.parquet", "replications.parquet", "sweep.json", "sweep.yaml"]


def sweep(out, vary=None, replications=2, **options):
    """A short sweep of the reference scenario."""
    options = {"overrides": SHORT, "engine": "process", "workers": 1} | options
    return emu.sweep(NODEPORT, vary or VARY, replications, out=out, **options)


def content(folder):
    """Every file of a folder, byte for byte."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A results folder."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def made(out):
    """Six points, each with two seeds."""
    return sweep(out)


@pytest.fixture
def own(tmp_path):
    """A strategy of a user's own that does what its options say when a run begins; its path."""
    file = tmp_path / "own.py"
    file.write_text(OWN)
    return str(file)


OWN = """
import os
from pathlib import Path

from emu.registry import OptionsModel


class Options(OptionsModel):
    does: str = "nothing"
    once: str = ""


def prepare(options, backends):
    if options.does == "nothing" or options.once and Path(options.once).exists():
        return [0]
    if options.once:
        Path(options.once).touch()
    if options.does == "die":
        os.kill(os.getpid(), 9)
    if options.does == "raise":
        raise ValueError("no luck")
    return [0]


def pick(backends, memory, now, key, seed, request, attempt):
    return 0
"""
STRATEGY = "spec.loadBalancers[0].strategy"


def doing(own, *whats, once=""):
    """Values of the strategy that do these things."""
    return {STRATEGY: [{"file": own, "options": {"does": what, "once": once}} for what in whats]}


def test_files_have_the_grid_in_its_order(made, out):
    """A row for each run and one for each point, the last path and then the seed first."""
    folder = Path(made.path)
    assert folder.parent == out / "nodeport" / "sweeps"
    assert sorted(content(folder)) == FILES
    runs = pq.read_table(folder / "replications.parquet").to_pylist()
    assert [(row[WORKERS], row[RATE], row["seed"]) for row in runs] == [
        (workers, rate, seed)
        for workers in ("4", "5") for rate in VARY[RATE] for seed in (3, 4)
    ]  # fmt: skip
    points = pq.read_table(folder / "points.parquet").to_pylist()
    assert [(row["point"], row[f"{WORKERS}:number"], row[f"{RATE}:number"]) for row in points] == [
        (number, 4.0 + number // 3, 100.0 * (1 + number % 3)) for number in range(6)
    ]
    assert made.table.to_pylist() == runs
    assert made.points.to_pylist() == points


def test_rows_are_those_of_the_runs(made, out):
    """Each run is an ordinary one, and a point has the means and intervals of its runs."""
    for number, point in enumerate(made.points.to_pylist()):
        rows = [row for row in made.table.to_pylist() if row["point"] == number]
        summaries = [emu.open_run(out / row["run"]).summary for row in rows]
        for metric in METRICS:
            assert [row[metric.name] for row in rows] == [metric.of(one) for one in summaries]
        (expected,) = compared([summaries], 0.95)
        for name, one in expected.items():
            found = tuple(point[f"{name}_{end}"] for end in ("mean", "low", "high"))
            assert found == (one.estimate.mean, one.estimate.low, one.estimate.high)
        assert (point["replications"], point["failed"]) == (2, None)


def test_all_points_meet_the_same_arrivals(out):
    """Under one seed two points are meant the same requests: common random numbers."""
    rows = sweep(out, {WORKERS: "4..5"}, overrides=SHORT | {"spec.log": "requests"}).table
    one, later, other, _ = (
        emu.open_run(out / run).requests["intended_ns"].to_pylist()
        for run in rows["run"].to_pylist()
    )
    assert sorted(one)[:200] == sorted(other)[:200]
    assert sorted(one)[:200] != sorted(later)[:200]


def test_columns_explain_themselves(made):
    """With unit and meaning; the metadata says what was swept, and with which versions."""
    points = pq.read_table(Path(made.path) / "points.parquet")
    field = points.schema.field("latency_p99_seconds_low").metadata
    assert field[b"unit"] == b"s"
    assert field[b"description"].startswith(b"lower end of the interval of the mean latency that")
    assert points.schema.field(f"{RATE}:number").metadata[b"unit"] == b"/s"
    header = json.loads(points.schema.metadata[b"emu"])
    assert header["versions"]["emu"] == emu.__version__
    assert (header["scenario"], header["seed"], header["design"]) == ("nodeport", 3, "grid")


def test_a_path_without_numbers_has_its_text_alone(out):
    """As it is written; numbers stand only where all values are numbers of one unit."""
    found = sweep(out, {STRATEGY: ["random", {"power_of_d_choices": {"d": 2}}]}, 1).points
    assert found[STRATEGY].to_pylist() == ["random", "{power_of_d_choices: {d: 2}}"]
    assert f"{STRATEGY}:number" not in found.column_names


def test_what_was_made_is_found_again(made, out):
    """The same sweep runs nothing and leaves the same bytes; a longer one only what is new."""
    before, files = content(made.path), sorted((out / "nodeport").glob("*-s*/timing.json"))
    times = [file.stat().st_mtime_ns for file in files]
    assert sweep(out).path == made.path
    assert content(made.path) == before
    longer = sweep(out, replications=3)
    assert longer.path != made.path
    assert [file.stat().st_mtime_ns for file in files] == times
    assert longer.table.num_rows == 18


def test_workers_change_no_byte(made, tmp_path):
    """Two processes leave what one leaves, in each file of the sweep and of its runs."""
    out = tmp_path.parent / "others"
    many = sweep(out, workers=2)
    assert content(many.path) == content(made.path)
    for run in many.table["run"].to_pylist():
        one = Path(made.path).parents[2] / run
        assert (out / run / "summary.json").read_bytes() == (one / "summary.json").read_bytes()


def test_its_file_makes_it_again(made, out):
    """The plan stands beside the numbers, and is a sweep itself."""
    before = content(made.path)
    again = emu.sweep(Path(made.path) / "sweep.yaml", out=out, engine="process", workers=1)
    assert (again.path, content(again.path)) == (made.path, before)


def test_a_hypercube_keeps_its_points(out):
    """So many points, from the seed, which its file has too."""
    found = sweep(out, design="lhs", points=5, seed=9, replications=1)
    assert (len(found.rows), found.seed) == (5, 9)
    again = emu.sweep(Path(found.path) / "sweep.yaml", out=out, engine="process", workers=1)
    assert again.path == found.path
    other = sweep(out, design="lhs", points=5, seed=10, replications=1)
    assert other.points[RATE].to_pylist() != found.points[RATE].to_pylist()


def test_a_point_that_cannot_be_loaded_stops_no_other(out):
    """It is told with its values and all its mistakes; the others have their numbers."""
    found = sweep(out, {WORKERS: [4, -1, 5]}, 2)
    (failed,) = found.failed
    assert failed.settings == {WORKERS: -1}
    assert failed.failed == f"override: {WORKERS} = -1: must be at least 1"
    rows = found.points.to_pylist()
    assert [row["replications"] for row in rows] == [2, 0, 2]
    assert [row["latency_p50_seconds_mean"] is None for row in rows] == [False, True, False]
    assert found.table["point"].to_pylist() == [0, 0, 2, 2]
    assert found.document()["points"][1]["failed"] == failed.failed


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_raises_stops_no_other(tmp_path, own, workers):
    """It is told with the seed of the first run that failed."""
    found = sweep(tmp_path, doing(own, "nothing", "raise"), 2, workers=workers)
    (failed,) = found.failed
    assert failed.failed.startswith("seed 3: ")
    assert "ValueError: no luck" in failed.failed
    assert found.points["replications"].to_pylist() == [2, 0]


def test_nothing_runs_where_no_point_can_be_loaded(tmp_path):
    """Every mistake is told, each once."""
    with pytest.raises(emu.ScenarioError) as error:
        sweep(tmp_path, {WORKERS: [-1, "x"], "spec.clients[0].timeout": ["ages", "-1s"]})
    assert len(error.value.mistakes) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_dies_costs_nothing(tmp_path, own):
    """A process killed in the middle of a run: the run is tried once more, on another."""
    dying = doing(own, "nothing", "die", once=str(tmp_path / "died"))
    found = sweep(tmp_path, dying, 3, workers=2)
    assert (tmp_path / "died").exists()
    assert found.failed == ()
    assert found.table.num_rows == 6


def test_a_run_that_kills_its_workers_is_a_failed_point(tmp_path, own):
    """Tried twice, then given up; the others are not concerned."""
    found = sweep(tmp_path, doing(own, "nothing", "die"), 1, workers=2)
    (failed,) = found.failed
    assert failed.failed == "seed 3: its worker ended by signal 9, 2 times"
    assert found.points["replications"].to_pylist() == [1, 0]


def test_a_point_that_failed_is_tried_again(tmp_path, own):
    """The same sweep later makes what is missing, and takes the place of the first."""
    once = str(tmp_path / "raised")
    first = sweep(tmp_path, doing(own, "nothing", "raise", once=once), 1)
    again = sweep(tmp_path, doing(own, "nothing", "raise", once=once), 1)
    assert (len(first.failed), len(again.failed)) == (1, 0)
    assert first.path == again.path
    assert json.loads((Path(again.path) / "sweep.json").read_text())["points"][1]["failed"] is None


def test_warnings_are_said_once(tmp_path):
    """However many points have them."""
    file = tmp_path / "scenario.yaml"
    more = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    file.write_text(NODEPORT.read_text() + more)
    said = []
    emu.sweep(file, {WORKERS: [4, 5]}, 1, overrides=SHORT, out=tmp_path, warn=said.append)
    assert said == ["1 x ConfigMap (v1), which is not modelled: passed over"]


def test_progress_goes_on_to_the_end(tmp_path):
    """In runs and parts of them, never backwards; a point that cannot be loaded counts."""
    calls = []
    sweep(tmp_path, {WORKERS: [4, -1, 5]}, progress=lambda *now: calls.append(now))
    assert calls == sorted(calls)
    assert calls[-1] == (6, 6)
    assert any(done != int(done) for done, _ in calls)


def test_points_have_one_seed(tmp_path):
    """A specification that is replaced as a whole may bring another: that point fails."""
    client = {"clients": [{"name": "internet", "arrivals": {"constant": {"rate": "50/s"}}}]}
    vary = {"spec": [client | {"seed": seed, "requests": 20} for seed in (1, 2)]}
    found = sweep(tmp_path, vary, 1, overrides={})
    assert [point.failed for point in found.rows] == [
        None, "spec.seed = 2: is not the seed of the points before; give --seed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"replications": 0}, "replications = 0: must be at least 1"),
        ({"confidence": 95}, "confidence = 95: must be from 0.5 to 0.9999"),
        ({"workers": 0}, "workers = 0: must be at least 1"),
        ({"seed": 2**63 - 2, "replications": 3}, "spec.seed = 9223372036854775806: leaves too few"),
        ({"design": "lhs"}, "points: is required with the design lhs"),
        ({"design": "lhs", "points": 0}, "points = 0: must be at least 1"),
        ({"points": 3}, "points = 3: goes with a design that samples; grid has all combinations"),
        ({"vary": {WORKERS: "5..4"}}, f"vary: {WORKERS}: must not end below its beginning"),
        ({"vary": {WORKERS: []}}, f"vary: {WORKERS}: must have a value"),
        ({"vary": {WORKERS: [4, 4]}}, f"vary: {WORKERS}: has 4 twice"),
        ({"vary": {"spec.seed": [4]}}, "vary: spec.seed: cannot be varied"),
        ({"vary": {"spec.duration": ["1s"]}}, "vary: spec.duration: is both set and varied"),
        ({"vary": {"a": "1..9999", "b": "1..9999"}}, "points = 99980001: must be at most 100,000"),
        ({"out": "memory://x", "workers": 2}, "workers = 2: must be 1 for results in memory://x"),
        (
            {"out": "memory://x", "scheduler": "tcp://a:1"},
            "out = memory://x: is no place that a cl",
        ),
    ],
)
def test_what_is_refused(tmp_path, options, message):
    """With the value and the rule, before anything runs."""
    with pytest.raises(emu.ScenarioError) as error:
        sweep(**{"out": tmp_path} | options)
    assert str(error.value).startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_unknown_names(tmp_path):
    """The known ones are told."""
    with pytest.raises(emu.UnknownNameError, match="unknown design 'star'; known: grid, lhs"):
        sweep(tmp_path, design="star")
    with pytest.raises(emu.UnknownNameError, match="unknown engine 'warp'"):
        sweep(tmp_path, engine="warp")


def test_jupyter_shows_the_table(made):
    """As text and as HTML."""
    shown = made._repr_mimebundle_()
    assert "2 replications of each of 6 points, seeds 3 to 4" in shown["text/plain"]
    assert "workers" in shown["text/html"]
