"""Samples the state of the system at equal distances into metrics.parquet."""

from collections.abc import Callable, Generator, Iterable

import simpy

from emu.hops import conntrack
from emu.model import Model
from emu.model.state import State

Sample = tuple[str, str, float]


def sampler(
    env: simpy.Environment, model: Model, state: State, write: Callable[..., None]
) -> Generator[simpy.Event, None, None]:
    """A process that calls ``write(at_ns, metric, object, value)`` at every interval.

    A node's or Pod's series starts with its first value other than 0, so that idle places of a
    large cluster cost nothing.
    """
    seen: set[tuple[str, str]] = set()
    while True:
        yield env.timeout(model.sample_interval_ns)
        now = int(env.now)
        for metric, name, value in _samples(model, state, now):
            if value or (metric, name) in seen:
                seen.add((metric, name))
                write(now, metric, name, value)


def _samples(model: Model, state: State, now: int) -> Iterable[Sample]:
    yield "requests_sent", "", state.sent
    yield "requests_in_flight", "", state.sent - state.finished
    for number, listener in enumerate(state.listeners):
        balancer, _ = model.places.load_balancers[model.listeners[number].load_balancer]
        name = f"{balancer}:{model.listeners[number].port}"
        yield "balancer_in_flight", name, float(listener.backends["in_flight"].sum())
    conntrack.count(*state.conntrack, now)
    for (name, _, _), entries in zip(model.places.nodes, state.conntrack.live, strict=True):
        yield "conntrack_entries", name, float(entries)
    for pod, (name, _, _) in zip(state.pods, model.places.pods, strict=True):
        yield "pod_busy", name, float(pod["busy"])
        yield "pod_queue", name, float(pod["queued"])
