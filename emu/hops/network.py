"""The network between the places: propagation and transmission delays, each trip drawn anew.

A *place* is a vertex: a client outside, a load balancer, a node. A Pod is at its node's vertex,
one *local hop* (the veth pair) away. Places with a single link hang on the *core*: a way from a to
b is a's leg, the way through the core, and b's leg. So the tables take O(places + core^2), and a
thousand nodes on one fabric have a core of one vertex.

A message of s bytes takes, on every link of its way, the propagation delay plus s / bandwidth
(store and forward). Left out: queueing on links, loss, congestion control.
"""

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


# Which journey a delay is drawn for: each has a stream of its own. The client's connection to a
# load balancer and the connection that ends at a Pod have the same journeys, from different bases.
CLIENT_LEGS: Final = 0
POD_LEGS: Final = 8
SYN: Final = 0
SYN_ONWARD: Final = 1
SYN_ACK: Final = 2
SYN_ACK_ONWARD: Final = 3
REQUEST: Final = 4
REQUEST_ONWARD: Final = 5
RESPONSE: Final = 6
RESPONSE_ONWARD: Final = 7

_LINKS_PER_TRIP: Final = 1 << 12
_LOCAL: Final = _LINKS_PER_TRIP - 2


@kernel
def trip(
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
def syn(
    legs: NDArray[Any],
    core: NDArray[Any],
    table: NDArray[Any],
    source: int,
    via: int,
    local_hops: int,
    base: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """From the source's first SYN to the host that answers or translates it."""
    return trip(
        legs, core, table, source, via, local_hops, 0, base + SYN, seed, request, attempt,
    )  # fmt: skip


@kernel
def reach(
    legs: NDArray[Any],
    core: NDArray[Any],
    table: NDArray[Any],
    source: int,
    destination: int,
    source_hops: int,
    destination_hops: int,
    size: int,
    base: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """From the source's SYN until the whole request has come to a host that nobody translates."""
    delay = syn(legs, core, table, source, destination, source_hops, base, seed, request, attempt)
    return delay + established(
        legs, core, table, source, destination, destination, source_hops, destination_hops, size,
        base, seed, request, attempt,
    )  # fmt: skip


@kernel
def established(
    legs: NDArray[Any],
    core: NDArray[Any],
    table: NDArray[Any],
    source: int,
    via: int,
    destination: int,
    source_hops: int,
    destination_hops: int,
    size: int,
    base: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """From the SYN at ``via`` until the whole request has come to ``destination``.

    The rest of the SYN's way, the SYN-ACK's back to the source, and the request's from there: a
    connection costs a round trip before the first byte of the request leaves.
    """
    delay = trip(
        legs, core, table, via, destination, destination_hops, 0, base + SYN_ONWARD, seed, request, attempt,
    )  # fmt: skip
    delay += trip(
        legs, core, table, destination, via, destination_hops, 0, base + SYN_ACK, seed, request, attempt,
    )  # fmt: skip
    delay += trip(
        legs, core, table, via, source, source_hops, 0, base + SYN_ACK_ONWARD, seed, request, attempt,
    )  # fmt: skip
    delay += trip(
        legs, core, table, source, via, source_hops, size, base + REQUEST, seed, request, attempt,
    )  # fmt: skip
    return delay + trip(
        legs, core, table, via, destination, destination_hops, size, base + REQUEST_ONWARD, seed, request, attempt,
    )  # fmt: skip


@kernel
def refused(
    legs: NDArray[Any],
    core: NDArray[Any],
    table: NDArray[Any],
    source: int,
    via: int,
    destination: int,
    source_hops: int,
    destination_hops: int,
    base: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """From the SYN at ``via`` until the destination's RST is back at the source."""
    delay = trip(
        legs, core, table, via, destination, destination_hops, 0, base + SYN_ONWARD, seed, request, attempt,
    )  # fmt: skip
    delay += trip(
        legs, core, table, destination, via, destination_hops, 0, base + SYN_ACK, seed, request, attempt,
    )  # fmt: skip
    return delay + trip(
        legs, core, table, via, source, source_hops, 0, base + SYN_ACK_ONWARD, seed, request, attempt,
    )  # fmt: skip


@kernel
def response(
    legs: NDArray[Any],
    core: NDArray[Any],
    table: NDArray[Any],
    source: int,
    via: int,
    destination: int,
    source_hops: int,
    destination_hops: int,
    size: int,
    base: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """From the destination's answer, or RST, until it is whole at the source."""
    delay = trip(
        legs, core, table, destination, via, destination_hops, size, base + RESPONSE, seed, request, attempt,
    )  # fmt: skip
    return delay + trip(
        legs, core, table, via, source, source_hops, size, base + RESPONSE_ONWARD, seed, request, attempt,
    )  # fmt: skip
