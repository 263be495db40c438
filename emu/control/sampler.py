"""Samples the state of the system at equal distances into metrics.parquet."""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from emu.hops import conntrack
from emu.model import Model
from emu.model.state import State

Series = tuple[str, Sequence[str], NDArray[Any]]
"""A metric, the objects that have it, and their values now."""


Write = Callable[[int, str, Sequence[str], NDArray[np.float64]], None]
"""Takes the time, a metric, the objects that have it, and their values."""


def sampler(
    env: simpy.Environment, model: Model, state: State, write: Write
) -> Generator[simpy.Event, None, None]:
    """A process that calls ``write`` for every metric at every interval.

    A node's or Pod's series starts with its first value other than 0, so that idle places of a
    large cluster cost nothing.
    """
    begun: dict[str, NDArray[np.bool_]] = {}
    while True:
        yield env.timeout(model.sample_interval_ns)
        now = int(env.now)
        for metric, objects, values in _series(model, state, now):
            shown = begun.setdefault(metric, np.zeros(len(objects), bool))
            shown |= values != 0
            places = np.flatnonzero(shown)
            if len(places):
                write(
                    now, metric, [objects[i] for i in places.tolist()], values[places].astype(float)
                )


def _series(model: Model, state: State, now: int) -> Iterable[Series]:
    yield "requests_sent", [""], np.array([state.sent])
    yield "requests_in_flight", [""], np.array([state.sent - state.finished])
    names = [
        f"{model.places.load_balancers[listener.load_balancer][0]}:{listener.port}"
        for listener in model.listeners
    ]
    in_flight = [listener.backends["in_flight"].sum() for listener in state.listeners]
    yield "balancer_in_flight", names, np.array(in_flight)
    conntrack.count(*state.conntrack, now)
    yield "conntrack_entries", model.places.node_names, state.conntrack.live
    yield "pod_busy", model.places.pod_names, state.pods["busy"]
    yield "pod_queue", model.places.pod_names, state.pods["queued"]
