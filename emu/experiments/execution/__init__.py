"""How the runs of an experiment are made: here, in processes of this machine, or on a cluster.

The contract of an executor, one file each: a context manager with

``has_room``
    whether one more task may be submitted, so that no worker has to wait for one
``pending``
    how many tasks were submitted whose outcome was not taken
``submit(task)``
    begin it, now or later
``take()``
    wait for the outcome of one of the pending tasks, whichever is the first

What ends badly ends as an `Outcome` with its failure; left early, as by Ctrl-C, an executor leaves
nothing running. Outcomes come in any order: who asks puts them into its own.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, Self

from emu.experiments.execution.task import Outcome, Part, Task, attempt, found_again

__all__ = ["Executor", "Outcome", "Part", "Task", "attempt", "drained", "executor", "results"]


class Executor(AbstractContextManager["Executor"], Protocol):
    """What runs tasks."""

    @property
    def has_room(self) -> bool:
        """Whether one more task may be submitted."""

    @property
    def pending(self) -> int:
        """How many outcomes are to come."""

    def submit(self, task: Task) -> None:
        """Begin the task, now or later."""

    def take(self) -> Outcome:
        """The next outcome."""

    def __enter__(self) -> Self: ...


def executor(workers: int, scheduler: str | None, part: Part) -> Executor:
    """The executor for so many workers, or that of a Dask cluster. Raises ScenarioError.

    ``part`` is called with the share of its run that is done, by an executor that knows it.
    """
    if scheduler is not None:
        from emu.experiments.execution.cluster import Cluster

        return Cluster(scheduler)
    if workers > 1:
        from emu.experiments.execution.processes import Processes

        return Processes(workers, part)
    from emu.experiments.execution.here import Here

    return Here(part)


def results(tasks: Iterable[Task], by: Executor) -> Generator[Outcome, None, None]:
    """The outcome of every task, in any order; runs that were made before are found again.

    Tasks are asked for one at a time, when there is room for one more. Who stops early closes the
    generator, which ends what is still run.
    """
    with by:
        yield from drained(tasks, by)


def drained(tasks: Iterable[Task], by: Executor) -> Iterator[Outcome]:
    """The same with an executor that goes on to be used."""
    for task in tasks:
        found = found_again(task)
        if found is not None:
            yield found
            continue
        while not by.has_room:
            yield by.take()
        by.submit(task)
    while by.pending:
        yield by.take()
