"""Here: runs one after the other, in this process."""

from typing import Self

from emu.experiments.execution.task import Outcome, Part, Task, attempt


class Here:
    """An executor that runs a task when its outcome is asked for."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._tasks: list[Task] = []

    @property
    def has_room(self) -> bool:
        """One task at a time."""
        return not self._tasks

    @property
    def pending(self) -> int:
        """The task that waits."""
        return len(self._tasks)

    def submit(self, task: Task) -> None:
        """Keep it until its outcome is asked for."""
        self._tasks.append(task)

    def take(self) -> Outcome:
        """Run it."""
        return attempt(self._tasks.pop(), self._part)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left: a run that is interrupted has ended."""
