"""What load balancers and Pods do against overload, as rows for the kernels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.limiting import TOKEN, no_limits
from emu.hops.balancer.outliers import DETECTOR
from emu.hops.shedding import SHEDDING
from emu.model import ListenerModel
from emu.scenario import Behaviour, LoadBalancer
from emu.units import SECOND

_UNLIMITED = -1


def limits(balancers: Sequence[LoadBalancer], listeners: Sequence[ListenerModel]) -> NDArray[Any]:
    """What each listener takes, an array of `emu.hops.balancer.limiting.LIMIT`."""
    rows = no_limits(len(listeners))
    for row, listener in zip(rows, listeners, strict=True):
        its = balancers[listener.load_balancer]
        if its.rate_limit is not None:
            row["rate"] = max(1, round(its.rate_limit.rate * TOKEN / SECOND))
            row["capacity"] = row["tokens"] = its.rate_limit.burst * TOKEN
        if its.circuit_breaker is not None:
            row["most"] = its.circuit_breaker.max_requests or _UNLIMITED
            row["most_each"] = its.circuit_breaker.max_requests_per_backend or _UNLIMITED
    return rows


def detectors(
    balancers: Sequence[LoadBalancer], listeners: Sequence[ListenerModel]
) -> NDArray[Any]:
    """When each listener ejects backends, an array of `emu.hops.balancer.outliers.DETECTOR`."""
    rows = np.zeros(len(listeners), DETECTOR)
    for row, listener in zip(rows, listeners, strict=True):
        its = balancers[listener.load_balancer].outlier_detection
        if its is not None:
            row["errors"], row["interval_ns"] = its.consecutive_errors, its.interval
            row["base_ns"] = its.base_ejection_time
            row["longest_ns"] = max(its.base_ejection_time, its.max_ejection_time)
            row["most"] = max(1, int(its.max_ejection_percent * len(listener.backends)))
    return rows


def shedding(behaviours: Sequence[Behaviour]) -> NDArray[Any]:
    """What each Pod sheds, an array of `emu.hops.shedding.SHEDDING`."""
    rows = np.zeros(len(behaviours), SHEDDING)
    for row, its in zip(rows, behaviours, strict=True):
        row["queue_timeout_ns"] = _UNLIMITED if its.queue_timeout is None else its.queue_timeout
        row["heeds_deadlines"] = its.heeds_deadlines
    return rows
