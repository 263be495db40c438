"""The source ports of hosts and Pods that open connections, as Linux hands them out.

A *route* is a source address, a destination address, a destination port and a protocol. A port may
serve one connection of a route at a time, and is kept in TIME_WAIT when the connection is over; so
a route runs out of ports where they come back more slowly than they are asked for. Routes of one
host do not take ports from one another.

The ports of a route are taken in turn. A route keeps so many of them as it needed until now, up to
all: one whose turn comes is taken again only when its last connection is forgotten everywhere, and
else the route takes more ports, so that what nodes track does not depend on how many are kept. When
all are kept, the first that is not in use is taken.

Left out: Linux starts at a hash of the route, steps by two, and adds some chance.

Source: Linux, net/ipv4/inet_hashtables.c (``__inet_hash_connect``), ip-sysctl.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded, kernel, prefetch
from emu.units import SECOND

TIME_WAIT_NS: Final = 60 * SECOND
"""How long a port is kept when its connection is over: Linux, TCP_TIMEWAIT_LEN."""
REUSE_NS: Final = SECOND
"""The same where TIME_WAIT may be reused (net.ipv4.tcp_tw_reuse 1)."""

ROUTE = np.dtype(
    [("first", "i8"), ("kept", "i4"), ("fresh", "i4"), ("next", "i8"), ("blocked_ns", "i8")]
)
"""One route: its ports are ``slots[first : first + kept]``, of which those from ``fresh`` on were
never used; the next in turn; and until when none is free, where that is known."""

SLOT = np.dtype([("free_ns", "i8"), ("entry", "i8")])
"""One port of a route: from when on it is free, and the conntrack entry of its last connection (0:
none)."""

EXHAUSTED: Final = -1
"""Every port is in use: connect() says EADDRNOTAVAIL."""

_IN_USE: Final = 2**62
_FIRST_SLOTS: Final = 1 << 22
"""Room for so many ports at first, 64 MB, which is not there before it is used."""
_LEAST_KEPT: Final = 16
_STEPS: Final = 8
"""So many ports are looked at before the route takes more of them."""


class Ports(NamedTuple):
    """The ports of all routes: ``routes`` an array of `ROUTE`, ``slots`` of `SLOT`, ``used`` int64
    how many of the slots are given to routes."""

    routes: NDArray[Any]
    slots: NDArray[Any]
    used: NDArray[np.int64]


def empty(routes: int, ports: int) -> Ports:
    """No port was ever taken, of so many a route; there is one at least, for look-ups ahead."""
    room = max(2 * ports, min(routes * ports, _FIRST_SLOTS))
    return Ports(np.zeros(max(routes, 1), ROUTE), np.zeros(room, SLOT), np.zeros(1, np.int64))


def enlarged(ports: Ports) -> Ports:
    """The same with room for more; ``routes`` and ``used`` stay the same arrays."""
    slots = np.zeros(2 * len(ports.slots), SLOT)
    slots[: len(ports.slots)] = ports.slots
    return ports._replace(slots=slots)


@embedded
def crowded(slots: NDArray[Any], used: NDArray[np.int64], ports: int) -> bool:
    """Whether `take` wants more room first: that of a route which keeps all ports."""
    return bool(used[0] + ports > len(slots))


@embedded
def take(
    routes: NDArray[Any],
    slots: NDArray[Any],
    used: NDArray[np.int64],
    route: int,
    ports: int,
    rest: int,
    now: int,
) -> tuple[int, int]:
    """Take a port of a route: its place among the ``ports`` that there are, or `EXHAUSTED`; and the
    conntrack entry of its connection before, 0 where none can be left.

    ``rest`` is how long after it was free a port's last connection may still be known to a node.
    """
    it = routes[route]
    kept = it["kept"]
    place = it["next"]
    for _ in range(min(_STEPS, kept)):
        if place >= it["fresh"] or _rested(slots, it["first"] + place, rest, now):
            return _taken(routes, slots, route, place), 0
        place = place + 1 if place + 1 < kept else 0
    if kept < ports:
        _keep(routes, slots, used, route, min(ports, max(_LEAST_KEPT, 2 * kept)))
        return _taken(routes, slots, route, kept), 0
    place = _search(routes, slots, route, now)
    if place == EXHAUSTED:
        return EXHAUSTED, 0
    before = int(slots[it["first"] + place]["entry"])
    return _taken(routes, slots, route, place), before


@embedded
def _rested(slots: NDArray[Any], slot: int, rest: int, now: int) -> bool:
    it = slots[slot]
    return bool(it["free_ns"] + (rest if it["entry"] != 0 else 0) <= now)


@embedded
def _taken(routes: NDArray[Any], slots: NDArray[Any], route: int, place: int) -> int:
    it = routes[route]
    slots[it["first"] + place]["free_ns"] = _IN_USE
    it["next"] = place + 1 if place + 1 < it["kept"] else 0
    it["fresh"] = max(it["fresh"], place + 1)
    return int(place)


@kernel
def _keep(
    routes: NDArray[Any], slots: NDArray[Any], used: NDArray[np.int64], route: int, more: int
) -> None:
    """Move the ports of a route to where there is room for so many."""
    it = routes[route]
    for place in range(it["kept"]):
        old, new = slots[it["first"] + place], slots[used[0] + place]
        new["free_ns"], new["entry"] = old["free_ns"], old["entry"]
    it["first"], it["kept"] = used[0], more
    used[0] += more


@kernel
def _search(routes: NDArray[Any], slots: NDArray[Any], route: int, now: int) -> int:
    """The first port from the next on that is not in use."""
    it = routes[route]
    if it["blocked_ns"] > now:
        return EXHAUSTED
    place, soonest = it["next"], _IN_USE
    for _ in range(it["kept"]):
        free = slots[it["first"] + place]["free_ns"]
        if free <= now:
            return int(place)
        soonest = min(soonest, free)
        place = place + 1 if place + 1 < it["kept"] else 0
    it["blocked_ns"] = soonest
    return EXHAUSTED


@embedded
def fetch(routes: NDArray[Any], slots: NDArray[Any], route: int, place: int) -> None:
    """Tell the processor to have a port at hand."""
    prefetch(slots, routes[route]["first"] + place)


@embedded
def fetch_next(routes: NDArray[Any], slots: NDArray[Any], route: int, after: int) -> None:
    """Tell the processor to have the next port of a route at hand, and what is known of the route
    that is wanted after it."""
    prefetch(slots, routes[route]["first"] + routes[route]["next"])
    prefetch(routes, after)


@embedded
def release(
    routes: NDArray[Any], slots: NDArray[Any], route: int, place: int, free: int, entry: int
) -> None:
    """Give a port back, to be free from then on; ``entry`` is what nodes know of its connection."""
    it = routes[route]
    slot = slots[it["first"] + place]
    slot["free_ns"], slot["entry"] = free, entry
    if free < it["blocked_ns"]:
        it["blocked_ns"] = free
