"""Events of requests on SimPy's heap, in the declared order among ties."""

from collections.abc import Generator

import simpy

from emu.events import Kind, priority


class Moment(simpy.Event):
    """A point in a request's life to wait for: ``yield Moment(...)``.

    SimPy orders events of one instant by a priority; a model event's is its kind and request (see
    `emu.events`), behind SimPy's own. A moment made without a time is scheduled later, once.
    """

    def __init__(
        self, env: simpy.Environment, kind: Kind, request: int, at: int | None = None
    ) -> None:
        self.env = env
        self.callbacks = []
        self._ok = True
        self._value = None
        self._priority = priority(kind, request)
        if at is not None:
            env.schedule(self, self._priority, at - env.now)

    def schedule(self, at: int) -> None:
        """Let it happen at this time, in nanoseconds."""
        self.env.schedule(self, self._priority, at - self.env.now)


class Journey(simpy.Process):
    """A process that sets out at once, within the event that starts it.

    SimPy's own begin with an event of their own; a request's first event is its client's sending.
    """

    def __init__(self, env: simpy.Environment, steps: Generator[simpy.Event, None, None]) -> None:
        self.env, self.callbacks, self._generator = env, [], steps
        self._resume(_SET_OUT)


_SET_OUT = simpy.Event(simpy.Environment())
_SET_OUT._ok, _SET_OUT._value = True, None
