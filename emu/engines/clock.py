"""SimPy's environment with whole nanoseconds, and with room for the declared order among ties."""

from heapq import heappush
from time import perf_counter_ns
from typing import Final

import simpy

from emu.events import Kind, kind_of


class Clock(simpy.Environment):
    """A SimPy environment whose time is whole nanoseconds."""

    _now: int

    def __init__(self) -> None:
        super().__init__(initial_time=0)

    @property
    def now(self) -> int:
        """Simulated time in nanoseconds."""
        return self._now

    def number_of_events(self) -> int:
        """How many events were put on the heap; to be asked once, for asking takes a number."""
        return next(self._eid)

    def happen(self, event: simpy.Event, rank: int, at: int) -> None:
        """Let an event happen at a time, by its rank among those of the same instant.

        SimPy's own ``schedule`` knows but two ranks, and takes a delay.
        """
        heappush(self._queue, (at, rank, next(self._eid), event))  # type: ignore[misc]


CONTROL: Final = len(Kind)
"""Stands beside the kinds of events for those of control loops, and of SimPy itself."""


class TimedClock(Clock):
    """A clock that notes how many events of each kind there are, and how long they take."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = [0] * (len(Kind) + 1)
        self.nanoseconds = [0] * (len(Kind) + 1)

    def step(self) -> None:
        """Let the next event happen."""
        kind = kind_of(self._queue[0][1]) if self._queue else CONTROL
        place = kind if 0 <= kind < CONTROL else CONTROL
        began = perf_counter_ns()
        try:
            super().step()
        finally:
            self.counts[place] += 1
            self.nanoseconds[place] += perf_counter_ns() - began
