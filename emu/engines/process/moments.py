"""Events of requests on SimPy's heap, in the declared order among ties."""

from collections.abc import Callable, Iterator

import simpy

from emu.engines.clock import Clock
from emu.events import Kind, priority


class Moment(simpy.Event):
    """A point in a request's life to wait for: ``yield Moment(...)``.

    SimPy orders events of one instant by a priority; a model event's is its kind and ticket (see
    `emu.events`), behind SimPy's own. A moment made without a time is scheduled later, once.
    """

    env: Clock

    def __init__(self, env: Clock, kind: Kind, ticket: int, at: int | None = None) -> None:
        self.env = env
        self.callbacks = []
        self._ok = True
        self._value = None
        self._rank = priority(kind, ticket)
        if at is not None:
            env.happen(self, self._rank, at)

    def schedule(self, at: int) -> None:
        """Let it happen at this time, in nanoseconds."""
        self.env.happen(self, self._rank, at)

    def fire(self) -> None:
        """Let it happen within the event of another: who waits goes on at once."""
        callbacks, self.callbacks = self.callbacks, None  # type: ignore[assignment]
        for callback in callbacks or ():
            callback(self)


def wake(moment: Moment) -> None:
    """Let those that wait for a moment go on now; nobody waits for it any more."""
    callbacks, moment.callbacks = moment.callbacks, []
    for callback in callbacks or ():
        callback(moment)


def do_at(env: Clock, kind: Kind, ticket: int, at: int, do: Callable[[], object]) -> None:
    """Do something at a moment, for which nobody waits."""

    def happen(_: simpy.Event) -> None:
        do()

    moment = Moment(env, kind, ticket, at)
    assert moment.callbacks is not None
    moment.callbacks.append(happen)


class Signal(simpy.Event):
    """What a request waits for that happens within the event of another: ``yield Signal()``.

    Whoever waits goes on within `fire`, and finds its ``value``.
    """

    def __init__(self) -> None:
        self.callbacks = []

    def fire(self, value: int | None = None) -> None:
        """Let it happen."""
        self._value = value
        callbacks, self.callbacks = self.callbacks, None  # type: ignore[assignment]
        for callback in callbacks or ():
            callback(self)


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
