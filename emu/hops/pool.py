"""Connections that are kept: which one carries a request, and when one is closed.

Who opens connections has a *pool* for each address and port that it calls from one of its own
addresses. A request takes the connection that became free last, of those with a free *stream*:
HTTP/1.1 has one stream a connection, HTTP/2 many. Where none has, another connection is opened; or
the request waits, first come first served, if there are as many as there may be. A connection that
is being opened takes requests as well, if it has the streams.

A connection ends when it has carried as many requests as it may, when it has had no request for its
idle time, or with the last request that it has at a certain age, after which it takes no more. Who
waits for what is the engine's business; here it is counted and decided.

Left out: Go and Envoy let a request for which a connection is being opened take another that comes
free sooner.

Sources: Go, net/http (``Transport``: the idle connection used last, dials for requests); NGINX,
ngx_http_upstream_keepalive_module (the one cached last, ``keepalive_requests``,
``keepalive_timeout``, ``keepalive_time``); Envoy, source/common/conn_pool (requests take streams of
connections that are still connecting); gRPC, proposal A9 (age with jitter, and that requests under
way end in peace).
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import by_reference, embedded, kernel
from emu.random_streams import CONNECTION_AGE, uniform

NEVER: Final = 2**62

SETTINGS = np.dtype(
    [
        ("limit", "i8"),
        ("streams", "i8"),
        ("requests", "i8"),
        ("idle_ns", "i8"),
        ("age_ns", "i8"),
        ("jitter", "f8"),
    ]
)
"""How a pool is kept: at most so many connections, streams of each, and requests of each in its
life; closed when idle for so long, or as old, give or take the share ``jitter``; `NEVER` where
there is no such bound."""

POOL = np.dtype([("settings", "i4"), ("first", "i4"), ("open", "i8")])
"""One pool: its settings, the first of its connections that take requests (0: none), and how many
connections it has. The first pool is nobody's: for connections that are kept by other means."""

CONNECTION = np.dtype(
    [
        ("pool", "i4"),
        ("next", "i4"),
        ("before", "i4"),
        ("streams", "i4"),
        ("listed", "i4"),
        ("over", "i4"),
        ("requests", "i8"),
        ("idle_ns", "i8"),
        ("ends_ns", "i8"),
        ("number", "i8"),
    ]
)
"""One connection: its pool; its neighbours among those that take requests, if it is ``listed``
there (0: none); the requests on it, and whether it is ``over``, closed but for these; how many it
has carried; since when it is idle; when it is too old; its number in the log. The first is
nobody's."""

OPEN: Final = 0
"""Another connection is to be opened."""
WAIT: Final = -1
"""There are as many as there may be, and all are taken."""

_FIRST_ROOM: Final = 512
# Places in `room`.
_USED: Final = 0
_LEFT: Final = 1
_NUMBER: Final = 2


@by_reference
class Pools(NamedTuple):
    """All pools: ``settings`` an array of `SETTINGS`, ``pools`` of `POOL`, ``connections`` of
    `CONNECTION`; ``room`` int64: how many connections were ever there at once, the first place that
    was left again (0: none), and how many were opened in all."""

    settings: NDArray[Any]
    pools: NDArray[Any]
    connections: NDArray[Any]
    room: NDArray[np.int64]


def empty(settings: NDArray[Any], pools: NDArray[Any]) -> Pools:
    """No connection is open."""
    room = np.array([1, 0, 0], np.int64)
    return Pools(settings, pools.copy(), np.zeros(_FIRST_ROOM, CONNECTION), room)


def enlarged(pools: Pools) -> Pools:
    """The same with room for more connections; all else stays the same arrays."""
    connections = np.zeros(2 * len(pools.connections), CONNECTION)
    connections[: len(pools.connections)] = pools.connections
    return pools._replace(connections=connections)


@embedded
def crowded(connections: NDArray[Any], room: NDArray[np.int64], more: int) -> bool:
    """Whether so many more connections could want more room."""
    return bool(room[_USED] + more > len(connections))


@embedded
def next_number(room: NDArray[np.int64]) -> int:
    """The number of another connection, kept or not, in the order in which they are opened."""
    room[_NUMBER] += 1
    return int(room[_NUMBER] - 1)


@kernel
def check_out(
    settings: NDArray[Any],
    pools: NDArray[Any],
    connections: NDArray[Any],
    room: NDArray[np.int64],
    pool: int,
) -> int:
    """The connection that a request takes, or `OPEN`, or `WAIT`."""
    its = pools[pool]
    its_settings = settings[its["settings"]]
    connection = its["first"]
    if connection == 0:
        return OPEN if its["open"] < its_settings["limit"] else WAIT
    it = connections[connection]
    it["streams"] += 1
    it["requests"] += 1
    if it["streams"] == its_settings["streams"] or it["requests"] == its_settings["requests"]:
        _unlist(pools, connections, connection)
    return int(connection)


@kernel
def opened(
    settings: NDArray[Any],
    pools: NDArray[Any],
    connections: NDArray[Any],
    room: NDArray[np.int64],
    pool: int,
    now: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """A connection that is opened for a request, and that carries it; there must be room."""
    connection = room[_LEFT]
    if connection == 0:
        connection = room[_USED]
        room[_USED] += 1
    else:
        room[_LEFT] = connections[connection]["next"]
    its_settings, it = settings[pools[pool]["settings"]], connections[connection]
    pools[pool]["open"] += 1
    it["pool"], it["streams"], it["requests"] = pool, 1, 1
    it["next"] = it["before"] = it["listed"] = it["over"] = 0
    it["idle_ns"] = now
    it["ends_ns"] = _end(its_settings, now, seed, request, attempt)
    it["number"] = next_number(room)
    if its_settings["streams"] > 1 and its_settings["requests"] > 1:
        _list(pools, connections, connection)
    return int(connection)


@embedded
def _end(settings: Any, now: int, seed: int, request: int, attempt: int) -> int:
    """When the connection is too old."""
    age = settings["age_ns"]
    if age < NEVER and settings["jitter"] > 0:
        drawn = 2.0 * uniform(seed, CONNECTION_AGE, request, attempt) - 1.0
        age += int(age * (settings["jitter"] * drawn))
    return int(now + age)


@kernel
def give_back(
    settings: NDArray[Any],
    pools: NDArray[Any],
    connections: NDArray[Any],
    room: NDArray[np.int64],
    connection: int,
    now: int,
) -> bool:
    """A request is done with its connection; true where that is to be closed now."""
    it = connections[connection]
    its_settings = settings[pools[it["pool"]]["settings"]]
    it["streams"] -= 1
    if it["over"]:
        _leave(connections, room, connection)
        return False
    ends = it["requests"] >= its_settings["requests"] or now >= it["ends_ns"]
    if it["streams"] == 0:
        it["idle_ns"] = now
        if ends:
            return True
    if not ends and not it["listed"]:
        _list(pools, connections, connection)
    return False


@kernel
def closed(
    settings: NDArray[Any],
    pools: NDArray[Any],
    connections: NDArray[Any],
    room: NDArray[np.int64],
    connection: int,
) -> None:
    """The connection is over: it takes no more requests, and those still on it are lost."""
    it = connections[connection]
    if it["listed"]:
        _unlist(pools, connections, connection)
    pools[it["pool"]]["open"] -= 1
    it["over"] = 1
    _leave(connections, room, connection)


@embedded
def _leave(connections: NDArray[Any], room: NDArray[np.int64], connection: int) -> None:
    """Leave the place of a connection that is over, once there is no request on it."""
    if connections[connection]["streams"] == 0:
        connections[connection]["next"] = room[_LEFT]
        connections[connection]["number"] = -1
        room[_LEFT] = connection


@kernel
def first_look(
    settings: NDArray[Any],
    pools: NDArray[Any],
    connections: NDArray[Any],
    room: NDArray[np.int64],
    connection: int,
) -> int:
    """When to look for the first time whether a connection is to be closed; `NEVER` if never."""
    it = connections[connection]
    idle = it["idle_ns"] + settings[pools[it["pool"]]["settings"]]["idle_ns"]
    return int(min(idle, it["ends_ns"], NEVER))


@kernel
def look(
    settings: NDArray[Any],
    pools: NDArray[Any],
    connections: NDArray[Any],
    room: NDArray[np.int64],
    connection: int,
    now: int,
) -> int:
    """Whether an open connection's time is over: ``now`` if it is to be closed now, else when to
    look again, or `NEVER`. One that is too old takes no more requests from now on."""
    it = connections[connection]
    idle = settings[pools[it["pool"]]["settings"]]["idle_ns"]
    if now >= it["ends_ns"]:
        if it["listed"]:
            _unlist(pools, connections, connection)
        return now if it["streams"] == 0 else NEVER
    since = it["idle_ns"] if it["streams"] == 0 else now
    if since + idle <= now:
        return now
    return int(min(since + idle, it["ends_ns"], NEVER))


@embedded
def _list(pools: NDArray[Any], connections: NDArray[Any], connection: int) -> None:
    """Put a connection before the others that take requests."""
    it = connections[connection]
    its = pools[it["pool"]]
    it["before"], it["next"], it["listed"] = 0, its["first"], 1
    if its["first"] != 0:
        connections[its["first"]]["before"] = connection
    its["first"] = connection


@embedded
def _unlist(pools: NDArray[Any], connections: NDArray[Any], connection: int) -> None:
    it = connections[connection]
    before, following = it["before"], it["next"]
    if before == 0:
        pools[it["pool"]]["first"] = following
    else:
        connections[before]["next"] = following
    if following != 0:
        connections[following]["before"] = before
    it["listed"] = 0
