"""The source ports of hosts and Pods that open connections, as Linux hands them out.

A *route* is a source address, a destination address, a destination port and a protocol. A port may
serve one connection of a route at a time, and is kept in TIME_WAIT when the connection is over; so
a route runs out of ports where they come back more slowly than they are asked for. Routes of one
host do not take ports from one another.

Ports that were given back rest in a queue, and the one that has rested longest is taken again when
its last connection is forgotten everywhere; until then the route takes ports that it has never had,
so that what nodes track does not depend on how many it has. When it has had them all, the first in
the queue that is not in use any more is taken.

Left out: Linux starts at a hash of the route, steps by two, and adds some chance.

Source: Linux, net/ipv4/inet_hashtables.c (``__inet_hash_connect``), ip-sysctl.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import by_reference, embedded, kernel, prefetch
from emu.units import SECOND

TIME_WAIT_NS: Final = 60 * SECOND
"""How long a port is kept when its connection is over: Linux, TCP_TIMEWAIT_LEN."""
REUSE_NS: Final = SECOND
"""The same where TIME_WAIT may be reused (net.ipv4.tcp_tw_reuse 1)."""

ROUTE = np.dtype([("first", "i4"), ("last", "i4"), ("had", "i8"), ("blocked_ns", "i8")])
"""One route: first and last of its ports at rest (0: none), how many ports it has had, and until
when none is free, where that is known."""

RESTING = np.dtype([("free_ns", "i8"), ("entry", "i8"), ("place", "i4"), ("next", "i4")])
"""A port at rest: from when on it is free, the conntrack entry of its last connection (0: none),
its place among the ports that there are, and which rests next (0: none)."""

EXHAUSTED: Final = -1
"""Every port is in use: connect() says EADDRNOTAVAIL."""

_NEVER: Final = 2**62
_FIRST_ROOM: Final = 1 << 22
"""Room for so many ports at rest at first, 96 MB, which is not there before it is used."""
_LEAST: Final = 16
"""A route has so many ports before it takes one again."""
# Places in `room`.
_HAD: Final = 0
_USED: Final = 1
_LEFT: Final = 2


@by_reference
class Ports(NamedTuple):
    """The ports of all routes: ``routes`` an array of `ROUTE`, ``resting`` of `RESTING`, the first
    of them nobody's; ``room`` int64: how many ports the routes have had, how many of ``resting``
    were ever used, and the first that was left again (0: none)."""

    routes: NDArray[Any]
    resting: NDArray[Any]
    room: NDArray[np.int64]


def empty(routes: int, ports: int) -> Ports:
    """No port was ever taken, of so many a route; there is a route at least, for look-ups ahead."""
    room = min(routes * ports + 2, _FIRST_ROOM)
    return Ports(
        np.zeros(max(routes, 1), ROUTE), np.zeros(room, RESTING), np.array([0, 1, 0], np.int64)
    )


def enlarged(ports: Ports) -> Ports:
    """The same with room for more; ``routes`` and ``room`` stay the same arrays."""
    resting = np.zeros(2 * len(ports.resting), RESTING)
    resting[: len(ports.resting)] = ports.resting
    return ports._replace(resting=resting)


@embedded
def crowded(resting: NDArray[Any], room: NDArray[np.int64], more: int) -> bool:
    """Whether so many calls of `take` want more room first: there must be some for each port that a
    route had."""
    return bool(room[_HAD] + more >= len(resting))


@embedded
def take(
    routes: NDArray[Any],
    resting: NDArray[Any],
    room: NDArray[np.int64],
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
    had, first = it["had"], it["first"]
    rested = first != 0 and had >= min(_LEAST, ports) and _rested(resting[first], rest, now)
    if not rested and had < ports:
        it["had"] = had + 1
        room[_HAD] += 1
        return had, 0
    if not rested:
        return _search(routes, resting, room, route, rest, now)
    return _removed(routes, resting, room, route, 0, first), 0


@embedded
def _rested(port: Any, rest: int, now: int) -> bool:
    return bool(port["free_ns"] + (rest if port["entry"] != 0 else 0) <= now)


@embedded
def _removed(
    routes: NDArray[Any],
    resting: NDArray[Any],
    room: NDArray[np.int64],
    route: int,
    before: int,
    number: int,
) -> int:
    """Take a port out of the queue of those at rest, behind another (0: the first); its place."""
    it, following = routes[route], resting[number]["next"]
    prefetch(resting, following)
    if before == 0:
        it["first"] = following
    else:
        resting[before]["next"] = following
    if following == 0:
        it["last"] = before
    resting[number]["next"] = room[_LEFT]
    room[_LEFT] = number
    return int(resting[number]["place"])


@kernel
def _search(
    routes: NDArray[Any],
    resting: NDArray[Any],
    room: NDArray[np.int64],
    route: int,
    rest: int,
    now: int,
) -> tuple[int, int]:
    """The first port at rest that is free, and the entry that its last connection may have left."""
    it = routes[route]
    if it["blocked_ns"] > now:
        return EXHAUSTED, 0
    before, number, soonest = 0, it["first"], _NEVER
    while number != 0:
        free = resting[number]["free_ns"]
        if free <= now:
            entry = 0 if free + rest <= now else int(resting[number]["entry"])
            return _removed(routes, resting, room, route, before, number), entry
        soonest = min(soonest, free)
        before, number = number, resting[number]["next"]
    it["blocked_ns"] = soonest
    return EXHAUSTED, 0


@embedded
def release(
    routes: NDArray[Any],
    resting: NDArray[Any],
    room: NDArray[np.int64],
    route: int,
    place: int,
    free: int,
    entry: int,
) -> None:
    """Give a port back, to be free from then on; ``entry`` is what nodes know of its connection."""
    it, number = routes[route], room[_LEFT]
    if number == 0:
        number = room[_USED]
        room[_USED] += 1
    else:
        room[_LEFT] = resting[number]["next"]
    port = resting[number]
    port["free_ns"], port["entry"], port["place"], port["next"] = free, entry, place, 0
    if it["first"] == 0:
        it["first"] = number
    else:
        resting[it["last"]]["next"] = number
    it["last"] = number
    if free < it["blocked_ns"]:
        it["blocked_ns"] = free


@embedded
def fetch_last(routes: NDArray[Any], resting: NDArray[Any], route: int) -> None:
    """Tell the processor to have the last port at rest at hand, behind which another will rest."""
    prefetch(resting, routes[route]["last"])


@embedded
def fetch_next(routes: NDArray[Any], resting: NDArray[Any], route: int, after: int) -> None:
    """Tell the processor to have the next port of a route at hand, and what is known of the route
    that is wanted after it."""
    prefetch(resting, routes[route]["first"])
    prefetch(routes, after)
