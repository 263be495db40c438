"""Samples the state of the system at equal distances into metrics.parquet."""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from emu.control.cluster import LiveCluster
from emu.control.log import NamedLog
from emu.hops import conntrack
from emu.hops.sharing import throttled
from emu.hops.working_set import in_use
from emu.model import Model
from emu.model.state import State

Values = Callable[[], NDArray[Any]]
"""Gives the values of a metric now, one an object."""

Write = Callable[[int, str, Sequence[str], NDArray[np.float64]], None]
"""Takes the time, a metric, the objects that have it, and their values."""


def sampler(
    env: simpy.Environment, model: Model, state: State, log: NamedLog, cluster: LiveCluster | None
) -> Generator[simpy.Event, None, None]:
    """A process that writes every metric at every interval; some there are only of a ``cluster``
    that changes.

    A node's or Pod's series starts with its first value other than 0, so that idle places of a
    large cluster cost nothing.
    """
    series = [*_all_series(env, model, state, log.pod_names), *_of_changes(model, cluster)]
    while True:
        yield env.timeout(model.sample_interval_ns)
        now = int(env.now)
        conntrack.count(*state.conntrack, now)
        for one in series:
            one.sample(now, log.write_metrics)


class _Series:
    """A metric of some objects, each from its first value other than 0 on; ``objects`` may grow."""

    def __init__(self, metric: str, objects: Sequence[str], values: Values) -> None:
        self._metric, self._objects, self._values = metric, objects, values
        self._known = 0
        self._hidden = np.zeros(0, np.int64)
        self._shown = np.zeros(0, np.int64)
        self._names: list[str] = []

    def sample(self, now: int, write: Write) -> None:
        values = self._values()
        if len(self._objects) > self._known:
            new = np.arange(self._known, len(self._objects))
            self._hidden, self._known = np.append(self._hidden, new), len(self._objects)
        if len(self._hidden) and values[self._hidden].any():
            begun = self._hidden[values[self._hidden] != 0]
            self._hidden = np.setdiff1d(self._hidden, begun, assume_unique=True)
            self._shown = np.union1d(self._shown, begun)
            self._names = [self._objects[i] for i in self._shown.tolist()]
        if self._names:
            write(now, self._metric, self._names, values[self._shown].astype(float))


def _names(model: Model) -> list[str]:
    """The listeners."""
    return [model.listener_name(number) for number in range(len(model.listeners))]


def _of_changes(model: Model, cluster: LiveCluster | None) -> list[_Series]:
    """What is of interest where the cluster changes."""
    if cluster is None:
        return []
    proxies, checks = cluster.kube_proxies, cluster.health_checks
    listeners, api = range(len(model.listeners)), cluster.api
    deployments = list(api.deployments.values())
    names = [its.name for its in deployments]

    def ready() -> NDArray[np.int64]:
        owners = Counter(pod.owner for pod in api.pods.values() if pod.ready)
        return np.array([owners[name] for name in names])

    def wanted() -> NDArray[np.int64]:
        return np.array([its.replicas for its in deployments])

    return [
        _Series("sync_lag_ns", model.places.node_names, proxies.lag_ns),
        _Series("stale_nodes", [""], lambda: np.array([(proxies.lag_ns() > 0).mean()])),
        _Series(
            "targets_available",
            _names(model),
            lambda: np.array([checks.available(number) for number in listeners]),
        ),
        _Series("replicas_ready", names, ready),
        _Series("replicas_wanted", names, wanted),
    ]


def _all_series(
    env: simpy.Environment, model: Model, state: State, pod_names: Sequence[str]
) -> list[_Series]:
    places, listeners = model.places, state.listeners
    limited = np.flatnonzero(model.quotas).tolist()
    return [
        _Series("requests_sent", [""], lambda: np.array([state.sent])),
        _Series("requests_in_flight", [""], lambda: np.array([state.sent - state.finished])),
        _Series(
            "balancer_in_flight",
            _names(model),
            lambda: np.array([its.backends["in_flight"].sum() for its in listeners]),
        ),
        _Series("conntrack_entries", places.node_names, lambda: state.conntrack.live),
        _Series("pod_busy", pod_names, lambda: state.pods["busy"]),
        _Series("pod_queue", pod_names, lambda: state.pods["queued"]),
        _Series("pod_memory_bytes", pod_names, lambda: in_use(state.working_sets, state.pods)),
        _Series(
            "pod_throttled_ns",
            [places.pod_names[pod] for pod in limited],
            lambda: np.array(
                [throttled(state.pods, state.sharing, pod, int(env.now)) for pod in limited]
            ),
        ),
    ]
