"""Says that the compiler sets to work, where it does, and measures how long it takes."""

import contextlib
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from numba.core import event


class _First(event.Listener):  # type: ignore[misc]
    """Says once that the compiler sets to work."""

    def __init__(self, say: Callable[[], None]) -> None:
        self._say: Callable[[], None] | None = say

    def on_start(self, _: Any) -> None:
        if self._say is not None:
            self._say()
            self._say = None

    def on_end(self, _: Any) -> None:
        pass


@contextlib.contextmanager
def announced(say: Callable[[], None]) -> Iterator[None]:
    """Let ``say`` be called once, when the first kernel that is in no cache is compiled.

    All kernels together take some twenty seconds, once for a version, most of it the loop.
    """
    with event.install_listener("numba:compile", _First(say)):
        yield


class Compiling(event.Listener):  # type: ignore[misc]
    """Measures how long kernels are compiled: ``seconds``."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth, self._began = 0, 0.0

    def on_start(self, _: Any) -> None:
        """A kernel begins, on its own or for the sake of its caller."""
        if self._depth == 0:
            self._began = perf_counter()
        self._depth += 1

    def on_end(self, _: Any) -> None:
        """It is compiled."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += perf_counter() - self._began


@contextlib.contextmanager
def compiling_timed() -> Iterator[Compiling]:
    """Measure how long kernels are compiled in the block."""
    listener = Compiling()
    with event.install_listener("numba:compile", listener):
        yield listener
