"""Events of requests on SimPy's heap, in the declared order among ties."""

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
        self._defused = False
        self._priority = priority(kind, request)
        if at is not None:
            self.schedule(at)

    def schedule(self, at: int) -> None:
        """Let it happen at this time, in nanoseconds."""
        self.env.schedule(self, self._priority, at - self.env.now)
