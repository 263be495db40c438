"""What a run writes of its requests, and that its numbers do not depend on it."""

import os
import signal
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import emu
from emu.analysis.little import little
from emu.analysis.log_linear import QUANTILE_ERROR
from emu.analysis.summary import summarise
from emu.recorder.columns import schema

NODEPORT = Path(__file__).parents[1] / "scenarios" / "nodeport.yaml"
SPEC = """
seed: 5
duration: 10s
warmup: 2s
record: {hops: 0}
loadBalancers:
  - {name: edge, address: 192.168.1.1, listeners: [{service: web}], strategy: least_connections}
behaviours: [{workers: 2, backlog: 20, serviceTime: {exponential: {mean: 25ms}}}]
clients:
  - {name: internet, arrivals: {poisson: {rate: 120/s}}, timeout: 250ms}
  - {name: inside, node: node-1, url: http://web.default:8080/, arrivals: {poisson: {rate: 60/s}}}
dns: {example.com: [192.168.1.1]}
"""
LOGS = ("requests", {"sample": "10%"}, "summary")
ENGINES = ("compiled", "process")


@pytest.fixture(scope="module")
def scenario(described):
    """Overloaded Pods behind a load balancer, a client that gives up and one that does not."""
    return lambda log="requests": described(SPEC, log=log)


@pytest.fixture(scope="module")
def runs(scenario, tmp_path_factory):
    """The runs by engine, with each of the logs."""
    return {
        engine: [
            emu.run(scenario(log), out=tmp_path_factory.mktemp(engine), engine=engine)
            for log in LOGS
        ]
        for engine in ENGINES
    }


def without_quantiles(document):
    """The document without the quantiles of latencies, and without what says how it was logged."""
    if not isinstance(document, dict):
        return document
    left_out = ("log", "log_share", "quantile_error")
    return {
        name: without_quantiles(value)
        for name, value in document.items()
        if name not in left_out and not (name.startswith("p") and name[1:2].isdigit())
    }


def quantiles(document):
    """The quantiles of latencies, in order."""
    return [
        value
        for part in (document["latency_seconds"], *document["latency_by_hop_seconds"].values())
        for name, value in part.items()
        if name.startswith("p")
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_do_not_depend_on_the_log(runs, engine):
    """Counts, shares, utilisations, means and maxima are equal, quantiles within the error."""
    full, *others = (run.summary.document() for run in runs[engine])
    assert len(full["outcomes"]) >= 3
    assert any(pod["utilisation"] > 0.9 for pod in full["pods"].values())
    for other in others:
        assert without_quantiles(other) == without_quantiles(full)
        pairs = list(zip(quantiles(full), quantiles(other), strict=True))
        assert len(pairs) == 19
        assert all(abs(b - a) <= QUANTILE_ERROR * a * (1 + 1e-9) for a, b in pairs)
        assert any(a != b for a, b in pairs)


def test_both_engines_say_the_same(runs):
    """For each log the engines agree on the rows and on every number."""
    for one, other in zip(*runs.values(), strict=True):
        assert one.requests.equals(other.requests)
        first, second = one.summary.document(), other.summary.document()
        assert first | {"engine": ""} == second | {"engine": ""}


def test_rows_of_a_sample_are_rows_of_the_run(runs):
    """About a tenth of them, with no request chosen twice, equal to what the full log has."""
    full, sample, _ = runs["process"]
    numbers = sample.requests["request"]
    among = pc.is_in(full.requests["request"], value_set=numbers.combine_chunks())
    assert sample.requests.equals(full.requests.filter(among))
    assert 0.08 < sample.requests.num_rows / full.requests.num_rows < 0.12


def test_a_summary_alone_has_no_rows(runs):
    """The file is there, with its columns and its header."""
    run = runs["process"][2]
    assert run.requests.num_rows == 0
    assert run.requests.schema.equals(schema("requests"), check_metadata=False)
    assert b"emu" in pq.read_metadata(run.path / "requests.parquet").metadata
    assert run.metrics.num_rows > 0


def test_the_summary_says_what_was_written(runs):
    """Which log, which share of the requests, and how exact the quantiles are."""
    said = [
        (run.summary.log, run.summary.log_share, run.summary.quantile_error)
        for run in runs["compiled"]
    ]
    assert said == [
        ("requests", 1.0, 0.0), ("sample", 0.1, QUANTILE_ERROR), ("summary", 0.0, QUANTILE_ERROR),
    ]  # fmt: skip


@pytest.mark.parametrize("ask", [summarise, little])
def test_no_numbers_are_made_of_a_part_of_the_requests(runs, ask):
    """What is asked of all rows is refused where they are not all there."""
    ask(runs["process"][0].path)
    for run in runs["process"][1:]:
        with pytest.raises(emu.ResultsError, match=r"does not have all requests.*summary\.json"):
            ask(run.path)


@pytest.mark.parametrize("log", LOGS[1:])
def test_the_resolved_scenario_keeps_the_log(scenario, tmp_path, log):
    """Written out and read again it asks for the same; another log is another run."""
    asked, file = scenario(log), tmp_path / "resolved.yaml"
    file.write_text(asked.resolved())
    again = emu.load(file)
    assert (again.spec.log, again.digest) == (asked.spec.log, asked.digest)
    assert asked.digest != scenario().digest


def test_a_run_of_so_many_requests_has_the_same_numbers(scenario, described, tmp_path):
    """Where the run ends by itself, when is known only at its end."""
    ends = {"duration": None, "requests": 500}
    full, other = (
        emu.run(described(SPEC, log=log, **ends), out=tmp_path, engine="process")
        for log in ("requests", "summary")
    )
    assert other.summary.requests.sent == 500
    assert without_quantiles(full.summary.document()) == without_quantiles(other.summary.document())


def test_an_interrupted_run_is_summed_up_too(tmp_path):
    """The numbers are those of what was finished, and what was under way is in flight."""
    presses = iter([signal.SIGINT])

    def progress(now_ns, sent):
        for press in presses:
            os.kill(os.getpid(), press)

    with pytest.raises(emu.Interrupted) as interrupted:
        emu.run(
            NODEPORT, overrides={"spec.log": "summary"}, out=tmp_path, engine="process",
            progress=progress,
        )  # fmt: skip
    summary = interrupted.value.run.summary
    assert (summary.partial, summary.log) == (True, "summary")
    assert sum(summary.outcomes.values()) == summary.requests.sent > 0
