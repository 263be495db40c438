"""SimPy's environment with whole nanoseconds, and with room for the declared order among ties."""

from heapq import heappush

import simpy


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
