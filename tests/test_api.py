"""emu.load, emu.run, emu.open_run and emu.trace, as scripts use them."""

import threading
from pathlib import Path

import pyarrow as pa
import pytest

import emu

NODEPORT = Path(__file__).parents[1] / "scenarios" / "nodeport.yaml"
SHORT = {"spec.duration": "2s", "spec.warmup": "0s"}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A results folder."""
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def run(out):
    """A short run of the reference scenario."""
    return emu.run(NODEPORT, seed=7, overrides=SHORT, out=out)


def test_seed_and_overrides_reach_the_run(run):
    """What is given in the call stands in place of the file's."""
    assert (run.summary.seed, run.summary.scenario) == (7, "nodeport")
    assert run.summary.window.end_seconds == 2.0


def test_what_a_run_returns(run, out):
    """Its folder, its tables, and a summary whose numbers are attributes."""
    assert run.path.parent == out / "nodeport"
    assert isinstance(run.requests, pa.Table)
    assert run.requests.num_rows == run.summary.requests.sent > 300
    assert 0.02 < run.summary.latency_seconds.p50 < run.summary.latency_seconds.p99 < 1
    assert run.summary.nodes["node-1"].share == pytest.approx(0.5, abs=0.01)


def test_the_same_run_is_found_again(run, out):
    """By path as text, by a loaded Scenario; another seed or scenario is another run."""
    again = emu.run(str(NODEPORT), 7, SHORT, out=str(out))
    assert (again.path, again.found_again, run.found_again) == (run.path, True, False)
    assert emu.run(emu.load(NODEPORT, 7, SHORT), out=out).found_again
    assert emu.run(NODEPORT, 8, SHORT, out=out).path != run.path
    assert emu.run(NODEPORT, 7, SHORT | {"spec.duration": "1s"}, out=out).path != run.path


def test_again_makes_the_same_bytes(run, out):
    """A run made anew writes the very same Parquet files."""
    files = ["requests.parquet", "hops.parquet", "metrics.parquet", "events.parquet"]
    before = [(run.path / name).read_bytes() for name in files]
    anew = emu.run(NODEPORT, 7, SHORT, out=out, again=True)
    assert (anew.path, anew.found_again) == (run.path, False)
    assert [(anew.path / name).read_bytes() for name in files] == before


def test_open_run(run, tmp_path):
    """A run is opened by its folder; what is none is refused at once."""
    opened = emu.open_run(str(run.path))
    assert opened.summary == run.summary
    assert opened.requests.equals(run.requests)
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(emu.ResultsError, match="holds no run"):
            emu.open_run(folder)


def test_progress_is_called(out):
    """With simulated nanoseconds and requests sent, never backwards, up to the end."""
    calls = []
    overrides = {"spec.duration": "60s", "spec.warmup": "0s"}
    done = emu.run(NODEPORT, 9, overrides, out=out, progress=lambda *now: calls.append(now))
    assert len(calls) >= 2
    assert calls == sorted(calls)
    assert calls[-1] == (60_000_000_000, done.summary.requests.sent)


def test_in_a_thread(run, tmp_path):
    """Another thread than the main one runs as well, and gives the same rows."""
    made = []
    work = threading.Thread(target=lambda: made.append(emu.run(NODEPORT, 7, SHORT, out=tmp_path)))
    work.start()
    work.join(60)
    assert made[0].requests.equals(run.requests)


def test_a_loaded_scenario_is_taken_as_it_is():
    """It cannot be given another seed or overrides on the way."""
    scenario = emu.load(NODEPORT, seed=5)
    assert emu.load(scenario) is scenario
    for arguments in ({"seed": 1}, {"overrides": {"spec.seed": 1}}):
        for function in (emu.load, emu.run, emu.trace):
            with pytest.raises(TypeError, match="not with a loaded Scenario"):
                function(scenario, **arguments)


def test_errors(tmp_path):
    """Each with a message for its user: a wrong scenario, an unknown engine, no place to write."""
    with pytest.raises(emu.ScenarioError, match=r"override: spec\.warmup = 1h: must be shorter"):
        emu.run(NODEPORT, overrides={"spec.warmup": "1h"}, out=tmp_path)
    with pytest.raises(emu.ScenarioError, match="cannot be read"):
        emu.load(tmp_path / "nothing.yaml")
    with pytest.raises(
        emu.UnknownNameError, match="unknown engine 'warp'; known: auto, compiled, process"
    ):
        emu.run(NODEPORT, engine="warp", out=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(emu.ResultsError, match="cannot write"):
        emu.run(NODEPORT, overrides=SHORT, out=tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_trace_takes_a_seed_and_overrides():
    """As run does; the ends are given by name."""
    random = {"spec.loadBalancers[0].strategy": "random"}
    nodes = {emu.trace(NODEPORT, seed=seed, overrides=random).logical[1].dst for seed in range(9)}
    assert nodes == {"192.168.1.100", "192.168.1.101"}
    assert emu.trace(NODEPORT, from_="node-2", to="web").logical[0].dst == "10.96.0.1"
