"""The network between the places: propagation and transmission delays, each trip drawn anew.

A *place* is a vertex: a client outside, a load balancer, a node. A Pod is at its node's vertex,
one *local hop* (the veth pair) away. Places with a single link hang on the *core*: a way from a to
b is a's leg, the way through the core, and b's leg. So the tables take O(places + core^2), and a
thousand nodes on one fabric have a core of one vertex.

A message of s bytes takes, on every link of its way, the propagation delay plus s / bandwidth
(store and forward). Left out: queueing on links, loss, congestion control.
"""

from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.distributions import sample
from emu.kernel import kernel
from emu.random_streams import NETWORK

LEG = np.dtype(
    [("core", "i8"), ("distribution", "i8"), ("constant_ns", "i8"), ("ps_per_byte", "i8")]
)
"""One place's link to the core: the vertex it ends at and its delay; no distribution (-1) where
``constant_ns`` says all. A place of the core has a leg of no delay."""

CONSTANT_NS, PS_PER_BYTE, FIRST_LINK = 0, 1, 2
"""Places in the last dimension of the core: what is constant, summed, and then the distributions
of the links that are drawn, up to the first -1."""


class NetworkTable(NamedTuple):
    """All delays, as kernels read them.

    ``legs`` is an array of `LEG`, one a place; ``core`` int64 of shape (k, k, 3 or more), with a
    last -1; ``table`` the model's distributions, that of the local hop first.
    """

    legs: NDArray[Any]
    core: NDArray[np.int64]
    table: NDArray[np.float64]


class Leg(IntEnum):
    """The journeys of a connection's packets in their order, between its source, the host *via*
    which it goes (which answers or translates it), and its destination. Each is drawn anew."""

    SYN = 0
    SYN_ONWARD = 1
    SYN_ACK = 2
    SYN_ACK_ONWARD = 3
    REQUEST = 4
    REQUEST_ONWARD = 5
    RESPONSE = 6
    RESPONSE_ONWARD = 7


REACH: Final = (int(Leg.SYN), int(Leg.REQUEST_ONWARD))
"""From the source's SYN until the whole request is at the destination."""
FIRST_PACKET: Final = (int(Leg.SYN), int(Leg.SYN))
"""From the source's SYN until it is at the host via which it goes."""
ESTABLISHED: Final = (int(Leg.SYN_ONWARD), int(Leg.REQUEST_ONWARD))
"""From the SYN there until the whole request is at the destination."""
ONWARD: Final = (int(Leg.SYN_ONWARD), int(Leg.SYN_ONWARD))
"""From the SYN there until it is at the destination."""
REFUSED: Final = (int(Leg.SYN_ONWARD), int(Leg.SYN_ACK_ONWARD))
"""From the SYN there until the destination's RST is at the source."""
ANSWERED: Final = (int(Leg.RESPONSE), int(Leg.RESPONSE_ONWARD))
"""From the destination's answer, or RST, until it is whole at the source."""

CLIENT_CONNECTION: Final = 0
POD_CONNECTION: Final = len(Leg)
"""A request's two connections draw from different streams: the client's to a load balancer, and
the one that ends at a Pod."""

_LINKS_PER_TRIP: Final = 1 << 12
_LOCAL: Final = _LINKS_PER_TRIP - 2


@kernel
def _trip(
    legs: NDArray[Any],
    core: NDArray[Any],
    table: NDArray[Any],
    origin: int,
    destination: int,
    local_hops: int,
    size: int,
    leg: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """Nanoseconds from one place to another, with so many hops between a node and its Pods."""
    stream = NETWORK + leg * _LINKS_PER_TRIP
    delay = 0
    if origin != destination:
        a, b = legs["core"][origin], legs["core"][destination]
        delay += legs["constant_ns"][origin] + legs["constant_ns"][destination]
        delay += core[a, b, CONSTANT_NS]
        per_byte = legs["ps_per_byte"][origin] + legs["ps_per_byte"][destination]
        delay += (per_byte + core[a, b, PS_PER_BYTE]) * size // 1000
        drawn = legs["distribution"][origin]
        if drawn >= 0:
            delay += sample(table, drawn, seed, stream, request, attempt)
        drawn = legs["distribution"][destination]
        if drawn >= 0:
            delay += sample(table, drawn, seed, stream + 1, request, attempt)
        link = FIRST_LINK
        while core[a, b, link] >= 0:
            delay += sample(table, core[a, b, link], seed, stream + link, request, attempt)
            link += 1
    for hop in range(local_hops):
        delay += sample(table, 0, seed, stream + _LOCAL + hop, request, attempt)
    return delay


@kernel
def travel(
    legs: NDArray[Any],
    core: NDArray[Any],
    table: NDArray[Any],
    source: int,
    via: int,
    destination: int,
    source_hops: int,
    destination_hops: int,
    size: int,
    first: int,
    last: int,
    connection: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """Nanoseconds that the journeys from `Leg` ``first`` to ``last`` take, one after another.

    A connection costs a round trip before the first byte of the request leaves. ``source_hops``
    and ``destination_hops`` are 1 where that end is a Pod; ``size`` is that of the request or the
    answer, whichever travels.
    """
    delay = 0
    for leg in range(first, last + 1):
        part = leg % 4
        if part == 0:
            origin, target, hops = source, via, source_hops
        elif part == 1:
            origin, target, hops = via, destination, destination_hops
        elif part == 2:
            origin, target, hops = destination, via, destination_hops
        else:
            origin, target, hops = via, source, source_hops
        load = size if leg >= 4 else 0
        stream = connection + leg
        delay += _trip(
            legs, core, table, origin, target, hops, load, stream, seed, request, attempt
        )
    return delay
