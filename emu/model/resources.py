"""CPU and memory of Pods as a run knows them: quotas, who competes for cores, limits of memory."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emu.hops.contention import CPU
from emu.hops.quota import LEAST, PERIOD
from emu.hops.working_set import WORKING_SET
from emu.random_streams import QUOTA_PERIOD, uniform
from emu.scenario import Behaviour, Cluster, Pod, ScenarioSpec

_LEAST_REQUEST = 0.002
"""Cores of the least weight, 2 cpu.shares. Source: Kubernetes, pkg/kubelet/cm (``MinShares``)."""


def _quota(pod: Pod) -> int:
    """Nanoseconds of CPU in a period; 0 where the Pod has no limit."""
    return 0 if pod.cpu_limit is None else max(LEAST, round(pod.cpu_limit * PERIOD))


def limit_of(pod: Pod) -> float:
    """The most cores that the Pod can use in the long run."""
    return _quota(pod) / PERIOD or math.inf


def throttles(pod: Pod, workers: int) -> bool:
    """Whether so many workers can use up its quota before a period ends."""
    return limit_of(pod) < workers


def quotas(pods: tuple[Pod, ...], rows: NDArray[np.void]) -> NDArray[np.int64]:
    """The quota of each Pod in a period, in nanoseconds; 0 where none ever holds it up."""
    found = (
        _quota(pod) if throttles(pod, workers) else 0
        for pod, workers in zip(pods, rows["workers"].tolist(), strict=True)
    )
    return np.fromiter(found, np.int64, len(pods))


def period_ends(pods: int, spec: ScenarioSpec) -> NDArray[np.int64]:
    """When the first period of each Pod ends, in nanoseconds."""
    return np.array([period_end(pod, spec) for pod in range(pods)], np.int64)


def period_end(pod: int, spec: ScenarioSpec) -> int:
    """When the first period of the Pod with this number ends, in nanoseconds.

    All begin with the run, or each at a time of its own, as with Linux from 6.4 on. Source:
    kernel/sched/fair.c, ``init_cfs_bandwidth``.
    """
    if not spec.kernel.interleaves_periods:
        return PERIOD
    return 1 + int(uniform(spec.seed, QUOTA_PERIOD, pod, 0) * PERIOD)


def contention(
    cluster: Cluster, rows: NDArray[np.void]
) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Who competes for cores: an array of `CPU`, a row for each Pod, and ``competitors``.

    Pods that say nothing of CPU take no part, nor do nodes whose cores are enough for the workers
    of all those that do.
    """
    cpu, competitors = np.zeros(len(rows), CPU), [np.zeros(0, np.int64)]
    stating: dict[str, list[int]] = {node.name: [] for node in cluster.nodes}
    for number, (row, pod) in enumerate(zip(cpu, cluster.pods, strict=True)):
        row["weight"] = max(_LEAST_REQUEST, pod.cpu_request)
        row["most"] = limit_of(pod)
        if pod.states_cpu:
            stating[pod.node_name].append(number)
    end = 0
    most = np.minimum(cpu["most"], rows["workers"])
    for node in cluster.nodes:
        here = np.array(stating[node.name], np.int64)
        if most[here].sum() > node.cores:
            cpu["first"][here], end = end, end + len(here)
            cpu["end"][here], cpu["cores"][here] = end, node.cores
            competitors.append(here)
    return cpu, np.concatenate(competitors)


def may_be_killed(pod: Pod, behaviour: Behaviour) -> bool:
    """Whether its memory has a limit, and is known."""
    return behaviour.memory is not None and pod.memory_limit is not None


def working_sets(pods: Sequence[Pod], behaviours: Sequence[Behaviour]) -> NDArray[np.void]:
    """The memory of each Pod, an array of `WORKING_SET`; 0 where nothing is said of it."""
    rows = np.zeros(len(pods), WORKING_SET)
    for row, pod, behaviour in zip(rows, pods, behaviours, strict=True):
        if behaviour.memory is not None:
            row["base"], row["per_request"] = behaviour.memory.base, behaviour.memory.per_request
            row["limit"] = pod.memory_limit or 0
    return rows
