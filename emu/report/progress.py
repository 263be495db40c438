"""How far a run or other work has come, on a terminal; nothing at all elsewhere."""

import time
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from emu.units import SECOND

_INTERVAL: Final = 0.1  # wall-clock seconds between two drawings


class _Line:
    """One line on standard error, drawn at most ten times a second; a context, then it is gone."""

    def __init__(self, console: Console | None) -> None:
        console = console or Console(stderr=True)
        self._progress = Progress(
            BarColumn(12),
            TextColumn("{task.percentage:3.0f} %"),
            TextColumn("{task.fields[words]}", markup=False),
            console=console,
            auto_refresh=False,
            transient=True,
            disable=not console.is_terminal or console.is_dumb_terminal,
        )
        self._task = self._progress.add_task("", total=1.0, words="")
        self._began = self._drawn = time.monotonic()

    def _due(self) -> bool:
        """Whether it is time to draw again."""
        now = time.monotonic()
        if self._progress.disable or now - self._drawn < _INTERVAL:
            return False
        self._drawn = now
        return True

    def _left(self, done: float) -> list[str]:
        """The time left, when a share of all is done; nothing is known at the beginning."""
        elapsed = self._drawn - self._began
        return [f"{timedelta(seconds=round(elapsed / done - elapsed))} left"] if done else []

    def _draw(self, done: float, words: str) -> None:
        self._progress.update(self._task, completed=done, words=words, refresh=True)

    def __enter__(self) -> Self:
        self._progress.start()
        self._began = self._drawn = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()


class WorkProgress(_Line):
    """What is being done, and how much of it: for work that is counted.

    On anything but a terminal it is silent.
    """

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(console)

    def update(self, what: str, done: int, of: int) -> None:
        """Show that so much of it is done."""
        if self._due():
            self._draw(done / of if of else 0.0, f"{what} {done:,} of {of:,}")


class RunProgress(_Line):
    """Simulated time, requests, rate and time left of a run.

    The run ends at ``end_ns`` of simulated time or after ``requests``, whichever is given. Call
    `update` now and then, not for each request. On anything but a terminal it is silent.
    """

    def __init__(
        self, end_ns: int | None, requests: int | None, console: Console | None = None
    ) -> None:
        super().__init__(console)
        self._end_ns, self._requests = end_ns, requests

    def update(self, simulated_ns: int, requests: int) -> None:
        """Show that simulated time is ``simulated_ns`` and ``requests`` were sent."""
        if self._due():
            done = self._share(simulated_ns, requests)
            self._draw(done, self._words(simulated_ns, requests, done))

    def _share(self, simulated_ns: int, requests: int) -> float:
        if self._requests:
            return min(1.0, requests / self._requests)
        return min(1.0, simulated_ns / self._end_ns) if self._end_ns else 0.0

    def _words(self, simulated_ns: int, requests: int, done: float) -> str:
        words = [
            *self._left(done),
            f"{simulated_ns / SECOND:,.1f} s simulated",
            f"{requests:,} requests",
            f"{requests / (self._drawn - self._began):,.0f}/s",
        ]
        return "  ".join(words)


class RunsProgress(_Line):
    """How many of several runs are done, and the time left.

    On anything but a terminal it is silent.
    """

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(console)

    def update(self, done: float, of: int) -> None:
        """Show that so many runs are done; of the present one a part may be."""
        if self._due():
            words = [*self._left(done / of), f"{int(done):,} of {of:,} runs done"]
            self._draw(done / of, "  ".join(words))
