"""Backends that a load balancer finds available only in the course of a run.

Without slow start one has its whole weight W at once. With slow start it has W * max(least,
(elapsed / window)^(1 / aggression)) until the window is over. Source: Envoy, "Slow start mode", and
source/extensions/load_balancing_policies/common/load_balancer_impl.cc. Envoy looks at the clock
whenever it schedules a backend anew; here the weight grows in `STEPS` equal steps of time, as
HAProxy's does in 20.
"""

from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Final

import simpy

from emu.control.log import Log
from emu.hops.balancer import changed
from emu.hops.balancer.barring import Bar, clear
from emu.model import Model, SlowStart
from emu.model.state import ListenerState, State

STEPS: Final = 100
"""Of a slow start's window."""


def share(slow_start: SlowStart, elapsed_ns: int) -> float:
    """What part of its weight a backend has so long after it became available."""
    if elapsed_ns >= slow_start.window_ns:
        return 1.0
    grown: float = (elapsed_ns / slow_start.window_ns) ** (1 / slow_start.aggression)
    return max(slow_start.least, grown)


def joining(
    env: simpy.Environment, model: Model, state: State, log: Log
) -> Iterator[Generator[simpy.Event, None, None]]:
    """A process for each backend that is not available from the start."""
    for number, (listener, its) in enumerate(zip(model.listeners, state.listeners, strict=True)):
        for backend, since in enumerate(listener.since.tolist()):
            if since:
                weight = float(listener.backends["weight"][backend])
                tell = partial(
                    log.write_event, kind="backend_available", object_=model.listener_name(number),
                    cause="availableFrom", detail=listener.names[backend],
                )  # fmt: skip
                yield _join(env, its, backend, since, weight, listener.slow_start, tell)


def _join(
    env: simpy.Environment,
    its: ListenerState,
    backend: int,
    since: int,
    weight: float,
    slow_start: SlowStart | None,
    tell: Callable[[int], None],
) -> Generator[simpy.Event, None, None]:
    yield env.timeout(since)
    if slow_start is not None:
        its.backends["weight"][backend] = weight * share(slow_start, 0)
    clear(its.strategy, its.backends, its.memory, backend, int(Bar.NOT_JOINED))
    if its.backends["available"][backend]:
        tell(int(env.now))
    if slow_start is not None:
        yield from _grow(env, its, backend, weight, slow_start)


def _grow(
    env: simpy.Environment,
    its: ListenerState,
    backend: int,
    weight: float,
    slow_start: SlowStart,
) -> Generator[simpy.Event, None, None]:
    """Until it has its whole weight, at the end of the window."""
    began = int(env.now)
    for step in range(1, STEPS + 1):
        yield env.timeout(began + slow_start.window_ns * step // STEPS - int(env.now))
        _weigh(its, backend, weight * share(slow_start, int(env.now) - began))


def _weigh(its: ListenerState, backend: int, weight: float) -> None:
    its.backends["weight"][backend] = weight
    changed(its.strategy, its.backends, its.memory, backend)
