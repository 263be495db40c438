"""How worker processes begin: anew, without what this process holds, and without its script.

Python has a new process import the script of the old one, in case a function of it is to be called.
Workers call only what stands in this package. Without that, a script need not keep its calls below
``if __name__ == "__main__":``, and what is typed at a prompt can have workers as well.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from multiprocessing.resource_tracker import ensure_running
from threading import Lock
from types import ModuleType
from typing import Final

_ONE_AT_A_TIME: Final = Lock()


class Worker(SpawnProcess):
    """A process that imports no script, and that never hears Ctrl-C."""

    def start(self) -> None:
        """Start it."""
        with _no_script(), _no_interrupts():
            super().start()


@contextmanager
def _no_script() -> Iterator[None]:
    """Let the main module have neither name nor file, for as long as a process is started."""
    with _ONE_AT_A_TIME:
        script = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = script


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Block SIGINT: a process that is started then has it blocked from its first instruction on,
    in all its threads.
    """
    ensure_running()  # what Python starts with the first process would unblock it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
