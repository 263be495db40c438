"""Samples the state of the system at equal distances into metrics.parquet."""

from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from emu.hops import conntrack
from emu.hops.sharing import throttled
from emu.model import Model
from emu.model.state import State

Values = Callable[[], NDArray[Any]]
"""Gives the values of a metric now, one an object."""

Write = Callable[[int, str, Sequence[str], NDArray[np.float64]], None]
"""Takes the time, a metric, the objects that have it, and their values."""


def sampler(
    env: simpy.Environment, model: Model, state: State, write: Write
) -> Generator[simpy.Event, None, None]:
    """A process that calls ``write`` for every metric at every interval.

    A node's or Pod's series starts with its first value other than 0, so that idle places of a
    large cluster cost nothing.
    """
    series = _all_series(env, model, state)
    while True:
        yield env.timeout(model.sample_interval_ns)
        now = int(env.now)
        conntrack.count(*state.conntrack, now)
        for one in series:
            one.sample(now, write)


class _Series:
    """A metric of some objects, each from its first value other than 0 on."""

    def __init__(self, metric: str, objects: list[str], values: Values) -> None:
        self._metric, self._objects, self._values = metric, objects, values
        self._hidden = np.arange(len(objects))
        self._shown = np.zeros(0, np.int64)
        self._names: list[str] = []

    def sample(self, now: int, write: Write) -> None:
        values = self._values()
        if len(self._hidden) and values[self._hidden].any():
            begun = self._hidden[values[self._hidden] != 0]
            self._hidden = np.setdiff1d(self._hidden, begun, assume_unique=True)
            self._shown = np.union1d(self._shown, begun)
            self._names = [self._objects[i] for i in self._shown.tolist()]
        if self._names:
            write(now, self._metric, self._names, values[self._shown].astype(float))


def _all_series(env: simpy.Environment, model: Model, state: State) -> list[_Series]:
    places, listeners = model.places, state.listeners
    names = [model.listener_name(number) for number in range(len(model.listeners))]
    limited = np.flatnonzero(model.quotas).tolist()
    return [
        _Series("requests_sent", [""], lambda: np.array([state.sent])),
        _Series("requests_in_flight", [""], lambda: np.array([state.sent - state.finished])),
        _Series(
            "balancer_in_flight",
            names,
            lambda: np.array([its.backends["in_flight"].sum() for its in listeners]),
        ),
        _Series("conntrack_entries", places.node_names, lambda: state.conntrack.live),
        _Series("pod_busy", places.pod_names, lambda: state.pods["busy"]),
        _Series("pod_queue", places.pod_names, lambda: state.pods["queued"]),
        _Series(
            "pod_throttled_ns",
            [places.pod_names[pod] for pod in limited],
            lambda: np.array(
                [throttled(state.pods, state.sharing, pod, int(env.now)) for pod in limited]
            ),
        ),
    ]
