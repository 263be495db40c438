"""Bounded load: ring hash, in which a backend that has its share of the load passes a client on.

With T requests in flight at the available backends, of weight W together, one of weight w has at
most ceil(c * (T + 1) * w / W) of them, the new one included; c is the ``balanceFactor``. The client
gets the backend of the first point, from its own place on, that is available and below this cap. As
the caps add up to more than T, there is one. A backend that is above its cap because others have
answered since gets nothing until it is below. A pick looks at all n backends for T and W: O(n).

Source: V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent hashing with bounded loads", SODA'18;
HAProxy, src/lb_chash.c (``hash-balance-factor``). What differs: HAProxy counts the requests at
backends away too, and gives the slots that are left after rounding in turn, not one more to each.
Envoy lets a backend have one more than its cap, and passes on to another at random, which spreads
what one full backend leaves over all. Its and HAProxy's factor has no default. For the ring see
`emu.hops.balancer.ring`. Left out: keys other than the client's address.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.hops.balancer.ring import RingOptions, first, ring
from emu.kernel import kernel

BY_WEIGHT = True


class Options(RingOptions):
    """The ring's size, and the most that a backend may have."""

    balance_factor: float = Field(default=1.25, ge=1, le=1000)
    """How many times its share of the requests in flight a backend may have, rounded up."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The factor's bits, then the ring."""
    factor = np.array([options.balance_factor]).view(np.int64)
    return np.concatenate([factor, ring(options, backends)])


@kernel
def slots(backends: NDArray[Any], factor: float) -> float:
    """How many requests in flight a unit of weight may have, the next one included."""
    in_flight, weight = 0, 0.0
    for backend in range(len(backends)):
        it = backends[backend]
        if it["available"] != 0 and it["weight"] > 0.0:
            in_flight += it["in_flight"]
            weight += it["weight"]
    return factor * (in_flight + 1) / weight if weight > 0.0 else 0.0


@kernel
def pick(
    backends: NDArray[Any],
    memory: NDArray[np.int64],
    now: int,
    key: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """The backend of the first point from the client's place on that may have one more."""
    points = memory[1:]
    count, each = len(points) // 2, slots(backends, memory[:1].view(np.float64)[0])
    point = first(points, key) if each > 0.0 else 0
    for _ in range(count if each > 0.0 else 0):
        if point == count:
            point = 0
        backend = points[count + point]
        it = backends[backend]
        if it["available"] != 0 and it["in_flight"] < math.ceil(each * it["weight"]):
            return int(backend)
        point += 1
    return -1
