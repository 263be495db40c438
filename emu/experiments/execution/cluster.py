"""Cluster: runs on the workers of a Dask cluster, whose scheduler is given.

A worker runs a task as this machine would and writes it below the same ``out``: a folder that all
of them share, or a URL. Its runs are tried again on another worker where one is lost, as Dask does
it. What a worker with other sources of emu made is refused, for it is another run.
"""

import uuid
from typing import Any, Final, Self

from emu.errors import ScenarioError
from emu.experiments.execution.task import Outcome, Task, attempt, failed, run_of
from emu.experiments.replicating import mistake
from emu.extras import need

_PATIENCE: Final = 10
"""Seconds that the scheduler may take to answer."""
_AHEAD: Final = 2


class Cluster:
    """An executor over the workers that a scheduler has, however many come or go.

    Raises ScenarioError where no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        need("a scheduler", "distributed", "distributed")
        import distributed

        try:
            self._client: Any = distributed.Client(
                address, timeout=_PATIENCE, set_as_default=False, name="emu"
            )
        except (OSError, ValueError, TimeoutError) as error:
            rule = f"no Dask scheduler answers there ({' '.join(str(error).split())})"
            raise ScenarioError([mistake("scheduler", address, rule)]) from None
        self._completed: Any = distributed.as_completed(loop=self._client.loop)
        self._tasks: dict[Any, Task] = {}
        self._name = uuid.uuid4().hex

    @property
    def has_room(self) -> bool:
        """Whether there is a worker's thread that would have no task next."""
        threads: int = sum(self._client.ncores().values())
        return len(self._tasks) < _AHEAD * max(1, threads)

    @property
    def pending(self) -> int:
        """What the scheduler has."""
        return len(self._tasks)

    def submit(self, task: Task) -> None:
        """Give it to the scheduler."""
        key = f"emu-{self._name}-{task.key[0]}-{task.key[1]}"
        future = self._client.submit(attempt, task, key=key, pure=False)
        self._tasks[future] = task
        self._completed.add(future)

    def take(self) -> Outcome:
        """Wait for the first of them."""
        future = next(self._completed)
        task = self._tasks.pop(future)
        try:
            outcome: Outcome = future.result()
        except Exception as error:  # whatever is wrong with a worker, or lost them again and again
            return failed(task, f"{type(error).__name__}: {' '.join(str(error).split())}")
        finally:
            future.release()
        if outcome.run != run_of(task.scenario):
            return failed(task, f"a worker has other sources of emu: it made {outcome.run}")
        return outcome

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Take back what has not begun; a run that a worker is at ends by itself."""
        self._client.cancel(list(self._tasks), force=True)
        self._client.close()
