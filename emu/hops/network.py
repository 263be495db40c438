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

from emu.distributions import DISTRIBUTIONS, LONGEST, sample
from emu.hops.tcp import RTO_MIN_NS, TIMEOUT_INIT_NS
from emu.kernel import embedded, inlined, kernel
from emu.random_streams import NETWORK, uniform

LEG = np.dtype(
    [
        ("core", "i4"),
        ("distribution", "i4"),
        ("constant_ns", "i8"),
        ("ps_per_byte", "i8"),
        ("loss", "f4"),
        ("cut", "i2"),
        ("drawn", "i2"),
    ]
)
"""One place's link to the core: the vertex it ends at and its delay; no distribution (-1) where
``constant_ns`` says all; the share of packets that it loses; how many faults cut it, and whether
anything about it is drawn. A place of the core has a leg of no delay. Half a cache line."""

CONSTANT_NS, PS_PER_BYTE, DRAWN, CUT, LOSS, FIRST_LINK = range(6)
"""Places in the last dimension of the core: what is constant, summed; whether anything is drawn,
how many faults cut the way, the share of packets that it loses in parts of `WHOLE`; and then the
distributions of the links that are drawn, up to the first -1."""

WHOLE: Final = 1 << 53
"""All packets, where a share of them is a whole number."""


class NetworkTable(NamedTuple):
    """All delays, as kernels read them.

    ``legs`` is an array of `LEG`, one a place; ``core`` int64 of shape (k, k, 6 or more), with a
    last -1; ``table`` the model's distributions, that of the local hop first.
    """

    legs: NDArray[Any]
    core: NDArray[np.int64]
    table: NDArray[np.float64]


class Leg(IntEnum):
    """The journeys of a connection's packets in their order, between its source, the host *via*
    which it goes (which answers or translates it), and its destination. Each is drawn anew.

    From HELLO on they are those of TLS, between SYN_ACK_ONWARD and REQUEST: 1.3 has the first round
    trip, 1.2 both.
    """

    SYN = 0
    SYN_ONWARD = 1
    SYN_ACK = 2
    SYN_ACK_ONWARD = 3
    REQUEST = 4
    REQUEST_ONWARD = 5
    RESPONSE = 6
    RESPONSE_ONWARD = 7
    HELLO = 16
    HELLO_ONWARD = 17
    HELLO_BACK = 18
    HELLO_BACK_ONWARD = 19
    FINISHED = 20
    FINISHED_ONWARD = 21
    FINISHED_BACK = 22
    FINISHED_BACK_ONWARD = 23


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
SHAKEN: Final = (int(Leg.SYN), int(Leg.SYN_ACK_ONWARD))
"""From the source's SYN until the source has the answer to it."""
SHAKEN_ONWARD: Final = (int(Leg.SYN_ONWARD), int(Leg.SYN_ACK_ONWARD))
"""From the SYN at the host via which it goes until the source has the answer to it."""
CARRIED: Final = (int(Leg.REQUEST), int(Leg.REQUEST_ONWARD))
"""From the request at the source of an open connection, or from the datagram there, until it is
whole at the destination."""
CARRIED_VIA: Final = (int(Leg.REQUEST), int(Leg.REQUEST))
"""The same until it is at the host via which it goes."""
ANSWERED: Final = (int(Leg.RESPONSE), int(Leg.RESPONSE_ONWARD))
"""From the destination's answer, or RST, until it is whole at the source."""

DATAGRAM_ONWARD: Final = (int(Leg.REQUEST_ONWARD), int(Leg.REQUEST_ONWARD))
"""From the datagram there until it is at the destination."""

CLIENT_CONNECTION: Final = 0
POD_CONNECTION: Final = 8
"""A request's two connections draw from different streams: the client's to a load balancer, and
the one that ends at a Pod. Of each there are eight journeys, and eight more from 16 on."""


@inlined
def encrypting(round_trips: int) -> tuple[int, int]:
    """From the source's part of a TLS handshake until it has the answer: one round trip, or two."""
    return _HELLO, _HELLO + 4 * round_trips - 1


_HELLO: Final = int(Leg.HELLO)

_LINKS_PER_TRIP: Final = 1 << 12
_LOCAL: Final = _LINKS_PER_TRIP - 2
_LOST: Final = _LINKS_PER_TRIP - 3
_CONSTANT: Final = float(DISTRIBUTIONS.number("constant"))


@embedded
def _fixed(legs: NDArray[Any], core: NDArray[np.int64], a: int, b: int) -> tuple[int, int, bool]:
    """What the way between two places always takes: nanoseconds, picoseconds a byte, and whether
    some of its links are drawn besides."""
    if a == b:
        return 0, 0, False
    one, other = legs[a], legs[b]
    way = core[one["core"], other["core"]]
    constant = one["constant_ns"] + other["constant_ns"] + way[CONSTANT_NS]
    per_byte = one["ps_per_byte"] + other["ps_per_byte"] + way[PS_PER_BYTE]
    return constant, per_byte, (one["drawn"] | other["drawn"] | way[DRAWN]) != 0


@kernel
def is_cut(legs: NDArray[Any], core: NDArray[np.int64], a: int, b: int) -> bool:
    """Whether no packet gets from one place to the other."""
    if a == b:
        return False
    one, other = legs[a], legs[b]
    return bool(one["cut"] + other["cut"] + core[one["core"], other["core"], CUT] > 0)


@kernel
def _held_up(
    legs: NDArray[Any],
    core: NDArray[np.int64],
    a: int,
    b: int,
    first: int,
    stream: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """Nanoseconds until a packet that may be lost on its way comes through, beyond its delay.

    It is sent again after ``first``, then after twice as long, and so on, as often as it is lost,
    which is drawn at once: each copy is lost with the same chance.
    """
    one, other = legs[a], legs[b]
    way = core[one["core"], other["core"], LOSS] / WHOLE
    through = (1.0 - one["loss"]) * (1.0 - other["loss"]) * (1.0 - way)
    if through >= 1.0:
        return 0
    left, held_up, lost = uniform(seed, stream, request, attempt), 0, 1.0 - through
    chance = lost
    while left < chance and held_up < LONGEST:
        held_up, first, chance = held_up + first, 2 * first, chance * lost
    return held_up


@kernel
def _links(
    legs: NDArray[Any],
    core: NDArray[np.int64],
    table: NDArray[np.float64],
    origin: int,
    destination: int,
    stream: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """Nanoseconds on the links of the way whose delay is drawn, each from a stream of its own."""
    delay = 0
    for end in range(2):
        place = legs["distribution"][origin if end == 0 else destination]
        if place >= 0:
            delay += sample(table, place, seed, stream + end, request, attempt)
    a, b = legs["core"][origin], legs["core"][destination]
    link = FIRST_LINK
    while core[a, b, link] >= 0:
        stream_of_link = stream + 2 + link - FIRST_LINK
        delay += sample(table, core[a, b, link], seed, stream_of_link, request, attempt)
        link += 1
    return delay


@embedded
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
    near_ns, near_ps, near_drawn = _fixed(legs, core, source, via)
    far_ns, far_ps, far_drawn = _fixed(legs, core, via, destination)
    local_drawn = table[0] != _CONSTANT
    local_ns = 0 if local_drawn else sample(table, 0, seed, 0, 0, 0)
    delay = 0
    for leg in range(first, last + 1):
        if _near(leg):
            delay += near_ns + source_hops * local_ns
        else:
            delay += far_ns + destination_hops * local_ns
        if leg >= 4 and size > 0:
            delay += (near_ps if _near(leg) else far_ps) * size // 1000
    if near_drawn or far_drawn or (local_drawn and source_hops + destination_hops > 0):
        delay += _drawn(
            legs, core, table, source, via, destination, near_drawn, far_drawn,
            source_hops if local_drawn else 0, destination_hops if local_drawn else 0,
            first, last, connection, seed, request, attempt,
        )  # fmt: skip
    return delay


@embedded
def _near(leg: int) -> bool:
    """Whether a journey is between the source and the host via which it goes."""
    part = leg % 4
    return part == 0 or part == 3


@kernel
def _drawn(
    legs: NDArray[Any],
    core: NDArray[np.int64],
    table: NDArray[np.float64],
    source: int,
    via: int,
    destination: int,
    near_drawn: bool,
    far_drawn: bool,
    source_hops: int,
    destination_hops: int,
    first: int,
    last: int,
    connection: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """What is drawn of the delay in `travel`: of links, and of local hops."""
    delay = 0
    for leg in range(first, last + 1):
        stream = NETWORK + (connection + leg) * _LINKS_PER_TRIP
        near, onward = _near(leg), leg % 4 < 2
        if near_drawn if near else far_drawn:
            end = source if near else destination
            origin, target = (end, via) if near == onward else (via, end)
            delay += _links(legs, core, table, origin, target, stream, seed, request, attempt)
            again = TIMEOUT_INIT_NS if leg < 4 else RTO_MIN_NS
            delay += _held_up(
                legs, core, origin, target, again, stream + _LOST, seed, request, attempt
            )
        for hop in range(source_hops if near else destination_hops):
            delay += sample(table, 0, seed, stream + _LOCAL + hop, request, attempt)
    return delay
