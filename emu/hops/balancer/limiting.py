"""How many requests a listener takes: by a token bucket, and by those in flight.

The bucket holds ``burst`` tokens and is full at first; it fills at the rate, evenly, and a request
takes a token or is shed. Source: Envoy, source/common/common/token_bucket_impl.cc. Beyond as many
requests in flight as a circuit breaker allows a request is shed as well, and waits for nobody:
Envoy, "Circuit breaking", whose ``max_requests`` counts those of a whole cluster, as the backends
of a listener are. With a limit of each backend, a request is shed when the one that was picked has
so many: like the thresholds per host there, but of requests.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import cold, embedded

LIMIT = np.dtype(
    [
        ("rate", "i8"),
        ("capacity", "i8"),
        ("tokens", "i8"),
        ("filled_ns", "i8"),
        ("most", "i8"),
        ("most_each", "i8"),
    ]
)
"""Of a listener: its bucket, of `TOKEN`s, that fills by ``rate`` in a nanosecond, and what was in
it when it was looked at last; how many requests may be in flight, in all and at each backend.
``capacity``, ``most`` and ``most_each`` are -1 where there is no such limit."""

TOKEN: Final = 10**12
"""So fine are tokens divided: a rate is a whole number of thousandths per second."""

SHED: Final = -2
"""Stands for the backend of a request that the limits do not let through."""


def no_limits(listeners: int) -> NDArray[Any]:
    """Listeners that take all requests."""
    limits = np.zeros(listeners, LIMIT)
    for field in ("capacity", "most", "most_each"):
        limits[field] = -1
    return limits


def any_limit(limits: NDArray[Any]) -> bool:
    """Whether a listener does not take all requests."""
    return any(bool((limits[field] >= 0).any()) for field in ("capacity", "most", "most_each"))


@cold
def admits(limits: NDArray[Any], listener: int, backends: NDArray[Any], now: int) -> bool:
    """Whether a listener takes another request; it takes O(n) for n backends to count all in
    flight."""
    it = limits[listener]
    if it["capacity"] >= 0 and not _takes_token(it, now):
        return False
    if it["most"] < 0:
        return True
    in_flight = 0
    for backend in range(len(backends)):
        in_flight += backends[backend]["in_flight"]
    return bool(in_flight < it["most"])


@embedded
def _takes_token(it: Any, now: int) -> bool:
    elapsed, capacity = now - it["filled_ns"], it["capacity"]
    it["filled_ns"] = now
    if elapsed > capacity // it["rate"]:
        it["tokens"] = capacity
    else:
        it["tokens"] = min(capacity, it["tokens"] + elapsed * it["rate"])
    if it["tokens"] < TOKEN:
        return False
    it["tokens"] -= TOKEN
    return True


@cold
def is_full(limits: NDArray[Any], listener: int, backends: NDArray[Any], backend: int) -> bool:
    """Whether a backend has as many requests in flight as it may."""
    most = limits[listener]["most_each"]
    return bool(0 <= most <= backends[backend]["in_flight"])
