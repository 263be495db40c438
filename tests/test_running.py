"""One run from a scenario to its folder."""

import os
import signal
from pathlib import Path

import pytest

import emu
from emu.recorder.run_folder import FILES
from emu.running import chosen_engine

NODEPORT = Path(__file__).parents[1] / "scenarios" / "nodeport.yaml"
SHORT = {"spec.duration": "2s", "spec.warmup": "0s"}


def run(out, hops=0.1, **arguments):
    """A short run of the reference scenario."""
    overrides = SHORT | {"spec.record.hops": hops}
    return emu.run(NODEPORT, overrides=overrides, out=out, **arguments)


def test_what_a_run_leaves(tmp_path):
    """Every file of the list, nothing else, and a folder named by what went into the run."""
    made = run(tmp_path)
    assert sorted(path.name for path in made.path.iterdir()) == sorted(FILES)
    scenario = emu.load(NODEPORT, overrides=SHORT | {"spec.record.hops": 0.1})
    assert made.path.name.startswith(f"{scenario.digest}-s3-v{emu.__version__}-")


def test_the_resolved_scenario_is_the_same_run(tmp_path):
    """The scenario.yaml of a run, run again, is found to be that run."""
    made = run(tmp_path)
    assert (
        emu.load(made.path / "scenario.yaml").resolved()
        == (made.path / "scenario.yaml").read_text()
    )
    again = emu.run(made.path / "scenario.yaml", out=tmp_path)
    assert (again.path, again.found_again) == (made.path, True)


def test_the_share_of_requests_whose_path_is_written(tmp_path):
    """As many as asked for, drawn by number: those of a small share are among those of a larger."""
    paths = {hops: set(run(tmp_path, hops).hops["request"].to_pylist()) for hops in (0, 0.1, 0.5)}
    sent = emu.run(NODEPORT, overrides=SHORT, out=tmp_path).summary.requests.sent
    assert paths[0] == set()
    assert 0.05 * sent < len(paths[0.1]) < 0.15 * sent
    assert 0.4 * sent < len(paths[0.5]) < 0.6 * sent
    assert paths[0.1] < paths[0.5]


def test_many_small_runs_are_worth_compiling_for():
    """The engine is chosen by the requests of all runs together."""
    scenario = emu.load(NODEPORT)  # of 14,400 requests
    assert [chosen_engine("auto", scenario, runs) for runs in (1, 2)] == ["process", "compiled"]
    assert chosen_engine("process", scenario, 100) == "process"


def test_rules_hold_from_the_start(tmp_path):
    """Each node's first sync is an event at time 0."""
    events = run(tmp_path).events.to_pylist()
    assert [(e["at_ns"], e["kind"], e["object"], e["cause"], e["detail"]) for e in events] == [
        (0, "rules_synced", node, "start", "1 Service ports, 2 endpoints")
        for node in ("node-1", "node-2")
    ]


def test_a_run_that_fails_leaves_nothing(tmp_path):
    """An error in the midst, here of the caller's progress, leaves no folder behind."""

    def fail(now_ns, sent):
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        run(tmp_path, progress=fail)
    assert list((tmp_path / "nodeport").iterdir()) == []


def ctrl_c():
    """A progress display during which the user presses Ctrl-C, once."""
    presses = iter([signal.SIGINT])

    def progress(now_ns, sent):
        for press in presses:
            os.kill(os.getpid(), press)

    return progress


def test_a_partial_run_gives_way_to_a_whole_one(tmp_path):
    """A partial run is made anew, not found again; a whole one is never replaced by a part."""
    with pytest.raises(emu.Interrupted) as interrupted:
        emu.run(NODEPORT, out=tmp_path, progress=ctrl_c())
    part = interrupted.value.run
    assert part.summary.partial
    sent = part.summary.requests.sent
    whole = emu.run(NODEPORT, out=tmp_path)
    assert (whole.path, whole.found_again, whole.summary.partial) == (part.path, False, False)
    assert 0 < sent < whole.summary.requests.sent
    rows = whole.requests
    with pytest.raises(emu.Interrupted) as interrupted:
        emu.run(NODEPORT, out=tmp_path, again=True, progress=ctrl_c())
    kept = interrupted.value.run
    assert not kept.summary.partial
    assert kept.requests.equals(rows)


def test_a_warm_up_is_found(tmp_path):
    """Queues that fill from empty at 0.95: the summary is that of the same run with the moment
    given, but for how it was found."""
    load = {
        "spec.clients[0].arrivals": {"poisson": {"rate": "380/s"}}, "spec.duration": "60s",
        "spec.warmup": "auto",
    }  # fmt: skip
    found = emu.run(NODEPORT, overrides=load, out=tmp_path).summary
    assert found.window.found_by == "MSER-5"
    assert 0 < found.window.start_seconds < 30
    moment = f"{round(found.window.start_seconds * 1e9)}ns"
    given = emu.run(NODEPORT, overrides=load | {"spec.warmup": moment}, out=tmp_path).summary
    assert given.window.found_by is None
    assert found.window.model_copy(update={"found_by": None}) == given.window
    for part in ("requests", "latency_seconds", "pods", "nodes", "intervals"):
        assert getattr(found, part) == getattr(given, part)


def test_logged_or_not_the_intervals_are_the_same(tmp_path):
    """What is counted as rows pass is what is read afterwards, with a duration and with a number
    of requests, some of which are in the warm-up."""
    for length in ({"spec.duration": "20s"}, {"spec.requests": 5000, "spec.duration": None}):
        logged, summed = (
            emu.run(
                NODEPORT, overrides=length | {"spec.warmup": "2s", "spec.log": log}, out=tmp_path
            ).summary.intervals
            for log in ("requests", "summary")
        )
        assert logged == summed
        assert 25 < logged.batches <= 32
        assert logged.latency_seconds["p90"].problem is None


def test_a_run_that_was_interrupted_has_the_batches_that_it_finished(tmp_path):
    """Ended at about a quarter: a quarter of the batches, too few for an interval."""
    presses = iter([signal.SIGINT])

    def progress(now_ns, sent):
        if now_ns > 30e9 and (press := next(presses, None)):
            os.kill(os.getpid(), press)

    with pytest.raises(emu.Interrupted) as interrupted:
        emu.run(
            NODEPORT, overrides={"spec.duration": "120s", "spec.log": "summary"}, out=tmp_path,
            progress=progress, engine="process",
        )  # fmt: skip
    intervals = interrupted.value.run.summary.intervals
    assert 4 < intervals.batches < 10
    assert intervals.latency_seconds["mean"].problem == "few_batches"
