"""One thing at a time done beside the program: what writes while an engine runs on."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter


class Background:
    """A thread that does one task while the next is prepared.

    Compiled kernels and pyarrow both let go of Python's lock, so they run side by side.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._task: Future[None] | None = None
        self.seconds = 0.0
        """How long tasks have been done."""

    def do(self, task: Callable[[], None]) -> None:
        """Do the task when the one before is done; an error of that one is raised here."""
        self.wait()
        self._task = self._thread.submit(self._timed, task)

    def _timed(self, task: Callable[[], None]) -> None:
        began = perf_counter()
        task()
        self.seconds += perf_counter() - began

    def wait(self) -> None:
        """Until nothing is being done; an error of what was is raised here."""
        task, self._task = self._task, None
        if task is not None:
            task.result()

    def end(self) -> None:
        """Let the thread end when it is done, whatever came of it."""
        self._thread.shutdown(wait=True)
