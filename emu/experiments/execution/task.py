"""One run of an experiment: what is to be done, and what came of it."""

from collections.abc import Callable
from typing import NamedTuple

from emu.analysis.summary import Summary
from emu.errors import EmuError
from emu.experiments.storage import find, make
from emu.running import name_of
from emu.scenario import Scenario

Key = tuple[int, int]
"""Of a run: the number of its variant or point, and of its replication."""

Part = Callable[[float], None]
"""Called now and then with the share of the present run that is done."""

_ALMOST = 0.99
"""So much of a run is done when its simulated time is over: it is still to be summed up."""


class RunError(EmuError):
    """A run that failed, or was lost with its worker; the message says why."""


class Task(NamedTuple):
    """A run that is to be made; it can be pickled."""

    key: Key
    scenario: Scenario
    engine: str
    out: str
    """The folder or URL below which its folder stands."""


class Outcome(NamedTuple):
    """What came of a task: a summary or a failure."""

    key: Key
    run: str
    """The run's folder, below that of all results."""
    summary: Summary | None
    failure: Exception | None = None


def found_again(task: Task) -> Outcome | None:
    """The outcome of the same run, where it was made before."""
    found = find(task.scenario, task.out)
    return None if found is None else Outcome(task.key, run_of(task.scenario), found)


def attempt(task: Task, part: Part | None = None) -> Outcome:
    """Make the run, or find it again; whatever fails is in the outcome.

    Raises Interrupted where this is the main thread.
    """
    run = run_of(task.scenario)
    try:
        summary = make(task.scenario, task.out, task.engine, _progress(task.scenario, part))
    except EmuError as error:
        return Outcome(task.key, run, None, error)
    except Exception as error:
        return Outcome(task.key, run, None, RunError(f"{type(error).__name__}: {error}"))
    return Outcome(task.key, run, summary)


def failed(task: Task, why: str) -> Outcome:
    """A run of which nothing came, and why."""
    return Outcome(task.key, run_of(task.scenario), None, RunError(why))


def run_of(scenario: Scenario) -> str:
    """The folder of its run, below that of all results."""
    return f"{scenario.name}/{name_of(scenario)}"


def _progress(scenario: Scenario, part: Part | None) -> Callable[[int, int], None] | None:
    """The progress of a run, as its share."""
    if part is None:
        return None
    spec = scenario.spec

    def update(now_ns: int, sent: int) -> None:
        share = sent / spec.requests if spec.requests else now_ns / (spec.duration or 1)
        part(min(_ALMOST, share))

    return update
