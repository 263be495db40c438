"""Processes: runs in worker processes of this machine.

A worker that dies, killed or for want of memory, costs its own run only, which is tried once more.
Workers do not hear Ctrl-C, which a terminal sends to them as well: this process ends them. Where
this process is killed alone, each ends with the run that it is at.
"""

import gc
import signal
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final, NamedTuple, Self

from pebble import ProcessExpired, ProcessPool

from emu.experiments.execution.spawning import Workers
from emu.experiments.execution.task import Outcome, Part, Task, attempt, failed
from emu.experiments.execution.warmth import is_cold

_AHEAD: Final = 2
"""Tasks for each worker: one that it is at, and one that waits for it."""
_TRIES: Final = 2


class _Submitted(NamedTuple):
    task: Task
    tries: int


class Processes:
    """An executor over so many worker processes.

    The first run of an engine whose kernels are in no cache is made here, before any other, or
    each worker would compile them.
    """

    def __init__(self, workers: int, part: Part) -> None:
        self._workers, self._part = workers, part
        self._pool = self._new_pool()
        self._running: dict[Future[Outcome], _Submitted] = {}
        self._made: list[Outcome] = []
        self._warm: set[str] = set()

    @property
    def has_room(self) -> bool:
        """Whether there is a worker that would have no task next."""
        return len(self._running) < _AHEAD * self._workers

    @property
    def pending(self) -> int:
        """Tasks of workers, and what was made here."""
        return len(self._running) + len(self._made)

    def submit(self, task: Task) -> None:
        """Give it to the next worker that is free."""
        if task.engine not in self._warm and is_cold(task.engine):
            self._made.append(attempt(task, self._part))
        else:
            self._schedule(_Submitted(task, 1))
        self._warm.add(task.engine)

    def take(self) -> Outcome:
        """Wait for the first of them; what a lost worker was at is begun once more."""
        while not self._made:
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in done:
                self._end(future, self._running.pop(future))
        return self._made.pop()

    def _end(self, future: Future[Outcome], submitted: _Submitted) -> None:
        task, tries = submitted
        try:
            self._made.append(future.result())
        except (ProcessExpired, BrokenProcessPool) as error:
            if tries < _TRIES:
                self._schedule(_Submitted(task, tries + 1))
            else:
                self._made.append(failed(task, _lost(error)))
        except Exception as error:  # the task or its outcome cannot be handed over
            self._made.append(failed(task, f"{type(error).__name__}: {error}"))

    def _schedule(self, submitted: _Submitted) -> None:
        if not self._pool.active:  # all workers died before they were at a task
            self._end_pool()
            self._pool = self._new_pool()
        self._running[self._pool.schedule(attempt, (submitted.task,))] = submitted

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(self._workers, initializer=_begin, context=Workers())

    def _end_pool(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End all workers, whatever they are at."""
        self._end_pool()


def _begin() -> None:
    """Prepare a worker: see the module, and `emu.cli.main` for the collector of garbage."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    gc.set_threshold(100_000)


def _lost(error: Any) -> str:
    """How a worker ended."""
    if isinstance(error, BrokenProcessPool):
        return f"worker processes end before they are at work, {_TRIES} times"
    code = error.exitcode
    how = f"by signal {-code}" if code < 0 else f"with status {code}"
    return f"its worker ended {how}, {_TRIES} times"
