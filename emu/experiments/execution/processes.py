"""Processes: runs in worker processes of this machine, each behind a pipe of its own.

A worker that dies, killed or for want of memory, costs its own run only, which is tried once more.
Nothing is shared between workers, so that one that is killed at any moment, with whatever lock in
its hand, holds up no other. Workers do not hear Ctrl-C, which a terminal sends to them as well:
this process ends them. Where this process is killed alone, each ends with the run that it is at.
"""

import gc
from collections import deque
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import Final, NamedTuple, Self

from emu.experiments.execution.spawning import Worker
from emu.experiments.execution.task import Outcome, Part, Task, attempt, failed
from emu.experiments.execution.warmth import is_cold

_AHEAD: Final = 2
"""Tasks for each worker: one that it is at, and one that waits here for any of them."""
_TRIES: Final = 2
_PATIENCE: Final = 5.0
"""Seconds that a process may take to end after its pipe."""


class _Submitted(NamedTuple):
    task: Task
    tries: int


class _Desk:
    """A worker, and what it is at."""

    def __init__(self) -> None:
        self.pipe, its = Pipe()
        self._process = Worker(target=_work, args=(its,), daemon=True)
        self._process.start()
        its.close()  # so that the pipe ends with the worker
        self.at: _Submitted | None = None

    def status(self) -> int | None:
        """How the worker ended, whose pipe has ended."""
        self._process.join(_PATIENCE)
        return self._process.exitcode

    def end(self) -> None:
        """End the worker, whatever it is at."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


class Processes:
    """An executor over so many worker processes.

    The first run of an engine whose kernels are in no cache is made here, before any other, or
    each worker would compile them.
    """

    def __init__(self, workers: int, part: Part) -> None:
        self._workers, self._part = workers, part
        self._desks: list[_Desk] = []
        self._waiting: deque[_Submitted] = deque()
        self._made: list[Outcome] = []
        self._warm: set[str] = set()

    @property
    def has_room(self) -> bool:
        """Whether there is a worker that would have no task next."""
        return len(self._waiting) + len(self._busy()) < _AHEAD * self._workers

    @property
    def pending(self) -> int:
        """Tasks of workers, those that wait, and what was made here."""
        return len(self._waiting) + len(self._busy()) + len(self._made)

    def submit(self, task: Task) -> None:
        """Give it to a worker that is free, or to the next that is."""
        if task.engine not in self._warm and is_cold(task.engine):
            self._made.append(attempt(task, self._part))
        else:
            self._waiting.append(_Submitted(task, 1))
        self._warm.add(task.engine)
        self._hand_out()

    def take(self) -> Outcome:
        """Wait for the first of them; what a lost worker was at is begun once more."""
        while not self._made:
            ready = wait([desk.pipe for desk in self._busy()])
            for desk in [desk for desk in self._desks if desk.pipe in ready]:
                self._receive(desk)
            self._hand_out()
        return self._made.pop()

    def _busy(self) -> list[_Desk]:
        return [desk for desk in self._desks if desk.at is not None]

    def _hand_out(self) -> None:
        """Give every free worker a task; there are as many workers as have had one."""
        free = [desk for desk in self._desks if desk.at is None]
        while self._waiting and (free or len(self._desks) < self._workers):
            if not free:
                self._desks.append(_Desk())
                free.append(self._desks[-1])
            desk = free.pop()
            desk.at = self._waiting.popleft()
            try:
                desk.pipe.send(desk.at.task)
            except OSError:  # it has died while it had nothing to do
                self._lost(desk)

    def _receive(self, desk: _Desk) -> None:
        try:
            outcome: Outcome = desk.pipe.recv()
        except (EOFError, OSError):
            self._lost(desk)
        else:
            desk.at = None
            self._made.append(outcome)

    def _lost(self, desk: _Desk) -> None:
        """Let another worker try, or give up."""
        self._desks.remove(desk)
        assert desk.at is not None
        task, tries = desk.at
        status = desk.status()
        desk.end()
        if tries < _TRIES:
            self._waiting.appendleft(_Submitted(task, tries + 1))
        else:
            self._made.append(failed(task, f"its worker ended {_how(status)}, {tries} times"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End all workers, whatever they are at."""
        for desk in self._desks:
            desk.end()


def _work(pipe: Connection) -> None:
    """A worker's life: tasks come and outcomes go until the pipe ends.

    What is said of garbage stands in `emu.cli.main`.
    """
    gc.set_threshold(100_000)
    with suppress(EOFError, ConnectionError):
        while True:
            pipe.send(attempt(pipe.recv()))


def _how(status: int | None) -> str:
    """How a process ended."""
    return f"by signal {-status}" if status is not None and status < 0 else f"with status {status}"
