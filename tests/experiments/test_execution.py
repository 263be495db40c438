"""Executors: what goes to a worker and comes back, and that nothing stays behind."""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

import emu
from emu.experiments.execution import Task, attempt, executor, results
from emu.experiments.execution.warmth import is_cold
from emu.experiments.replicating import seeded

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "scenarios"
SHORT = {"spec.duration": "1s", "spec.warmup": "0s", "spec.log": "summary"}
OWN = {"spec.loadBalancers[0].strategy": {"file": "in_turn_up_to.py", "options": {"most": 4}}}


def quiet(share):
    """Nobody watches."""


@pytest.mark.parametrize(
    ("file", "overrides"),
    [("nodeport.yaml", SHORT | OWN), ("replay.yaml", {"spec.log": "summary"})],
    ids=["own strategy", "trace"],
)
def test_a_scenario_goes_to_another_process_and_back(tmp_path, file, overrides):
    """With a strategy of the user's own or a trace: the same run comes of it as here."""
    scenario = emu.load(SCENARIOS / file, overrides=overrides)
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    made = []
    for workers in (1, 2):
        out = str(tmp_path / str(workers))
        task = Task((0, 0), seeded(scenario, 1), "process", out)
        (outcome,) = results([task], executor(workers, None, quiet))
        assert outcome.failure is None
        made.append(outcome)
    assert made[0] == made[1]
    assert made[0].run == f"{scenario.name}/{Path(made[0].run).name}"


def test_a_seed_changes_no_digest():
    """A replication's digest is taken over, not found again; it is the one it would have."""
    scenario = emu.load(SCENARIOS / "nodeport.yaml")
    other = emu.load(SCENARIOS / "nodeport.yaml", seed=scenario.spec.seed + 4)
    assert seeded(scenario, 4) == other
    assert seeded(scenario, 4).digest == other.digest == scenario.digest


def test_what_was_made_needs_no_worker(tmp_path):
    """It is found before it is submitted, with the same outcome."""
    scenario = emu.load(SCENARIOS / "nodeport.yaml", overrides=SHORT)
    task = Task((0, 0), scenario, "process", str(tmp_path))
    first = attempt(task)
    by = executor(1, None, quiet)
    by.submit = None  # would fail
    assert list(results([task], by)) == [first]


def test_tasks_are_asked_for_one_by_one(tmp_path):
    """No more than workers have room for: a scenario may be large."""
    scenario = emu.load(SCENARIOS / "nodeport.yaml", overrides=SHORT)
    asked = []

    def tasks():
        for replication in range(12):
            asked.append(replication)
            yield Task((0, replication), seeded(scenario, replication), "process", str(tmp_path))

    outcomes = results(tasks(), executor(2, None, quiet))
    next(outcomes)
    assert len(asked) <= 6
    assert len(list(outcomes)) == 11


def test_kernels_that_are_there_are_not_cold(tmp_path, monkeypatch):
    """An engine that has run is warm; in an empty cache none is."""
    emu.run(SCENARIOS / "nodeport.yaml", overrides=SHORT, engine="compiled", out=tmp_path)
    emu.run(SCENARIOS / "nodeport.yaml", overrides=SHORT, engine="process", out=tmp_path)
    assert not is_cold("process")
    assert not is_cold("compiled")
    monkeypatch.setattr("emu.experiments.execution.warmth.cache_folder", lambda: tmp_path)
    assert is_cold("process")
    assert is_cold("compiled")


SCRIPT = """
import sys, emu
print("script", flush=True)
found = emu.sweep(sys.argv[1], {{"spec.behaviours[0].workers": [4, 5]}}, 2, out=sys.argv[2],
                  overrides={overrides!r}, workers=2)
print(len(found.rows), found.failed)
"""


@pytest.mark.parametrize("form", ["file", "prompt"])
def test_a_script_needs_no_guard(tmp_path, form):
    """Workers do not run the script again, and it may be no file at all."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(overrides=SHORT))
    arguments = [str(script) if form == "file" else "-", str(SCENARIOS / "nodeport.yaml")]
    done = subprocess.run(
        [sys.executable, *arguments, str(tmp_path)], input=script.read_text(),
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("script\n2 ()\n", "")


def test_nothing_stays_behind(tmp_path):
    """An executor that is left in the middle has no processes any more."""
    scenario = emu.load(SCENARIOS / "nodeport.yaml", overrides=SHORT)
    tasks = (
        Task((0, number), seeded(scenario, number), "process", str(tmp_path)) for number in range(8)
    )
    outcomes = results(tasks, executor(2, None, quiet))
    next(outcomes)
    assert len(workers_of(os.getpid())) == 2
    outcomes.close()
    give_up = time.monotonic() + 10
    while workers_of(os.getpid()):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def workers_of(pid):
    """The worker processes that this one has."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            line = Path(f"/proc/{child}/cmdline")
            if line.exists() and b"spawn_main" in line.read_bytes():
                found.append(int(child))
    return found
