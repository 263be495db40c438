"""Events of requests on SimPy's heap, in the declared order among ties."""

from collections.abc import Iterator
from heapq import heappush

import simpy

from emu.events import Kind, priority


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


class Moment(simpy.Event):
    """A point in a request's life to wait for: ``yield Moment(...)``.

    SimPy orders events of one instant by a priority; a model event's is its kind and request (see
    `emu.events`), behind SimPy's own. A moment made without a time is scheduled later, once.
    """

    env: Clock

    def __init__(self, env: Clock, kind: Kind, request: int, at: int | None = None) -> None:
        self.env = env
        self.callbacks = []
        self._ok = True
        self._value = None
        self._rank = priority(kind, request)
        if at is not None:
            env.happen(self, self._rank, at)

    def schedule(self, at: int) -> None:
        """Let it happen at this time, in nanoseconds."""
        self.env.happen(self, self._rank, at)


class Journey:
    """A request's way through the hops: a generator that yields the events it waits for.

    It sets out at once, within the event that starts it. A SimPy process would do the same with
    two more events a request, one to begin and one to end; nobody waits for a journey's end.
    """

    def __init__(self, steps: Iterator[simpy.Event]) -> None:
        self._steps = steps
        self._go_on(None)

    def _go_on(self, _: simpy.Event | None) -> None:
        for event in self._steps:
            if event.callbacks is not None:
                event.callbacks.append(self._go_on)
                return
