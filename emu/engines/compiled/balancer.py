"""Parts of the compiled loop: a load balancer forwards requests and passes answers on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.engines.compiled.client import back_to_client
from emu.engines.compiled.connection import route_of_balancer, take
from emu.engines.compiled.keeping import keep, wait
from emu.engines.compiled.layout import NONE, Fixed, Moving
from emu.engines.compiled.link import carry
from emu.engines.compiled.node import open_connection
from emu.events import Kind
from emu.hops import ports as hosts
from emu.hops.balancer import pick, started
from emu.hops.pool import OPEN, WAIT, check_out, next_number
from emu.kernel import kernel, part
from emu.recorder.rows import Outcome

_ANSWER = int(Kind.ANSWER)
_BAD_GATEWAY = int(Outcome.BAD_GATEWAY)
_PORTS_EXHAUSTED = int(Outcome.PORTS_EXHAUSTED)
_NOBODYS = 0


@part
def lb_request(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The strategy picks a backend, and the balancer connects to it."""
    row, journey = m.rows[slot], m.journeys[slot]
    listener = journey["listener"]
    if f.kept and f.listeners[listener]["joins"] != 0 and journey["connection"] != 0:
        joined = _joined(f, m, slot)
        if joined == NONE:
            return _unable(f, m, slot, _BAD_GATEWAY, now)
        if joined != 0:
            return _along(f, m, slot, joined, now)
    strategy, backends, memory = balanced(f, m, listener)
    backend = pick(
        strategy, backends, memory, now, _address_of_client(f, m, slot), f.seed, row["request"], 0
    )
    if backend < 0:
        return _unable(f, m, slot, _BAD_GATEWAY, now)
    journey["backend"] = backend
    if f.kept and f.listeners[listener]["first_pool"] != 0:
        started(strategy, backends, memory, backend)
        return _connect(f, m, slot, now)
    place, before = take(f, m, backends[backend]["route"], now)
    if place == hosts.EXHAUSTED:
        return _unable(f, m, slot, _PORTS_EXHAUSTED, now)
    started(strategy, backends, memory, backend)
    row["lb_port"] = f.first_port + place
    journey["before"] = before
    if f.kept and f.listeners[listener]["joins"] != 0 and journey["connection"] != 0:
        _join(f, m, slot, backends[backend]["route"], now)
    else:
        row["lb_connection"] = next_number(m.pools.room)
    return _open(f, m, slot, now)


@part
def _unable(f: Fixed, m: Moving, slot: int, outcome: int, now: int) -> tuple[int, int]:
    """The balancer cannot forward the request."""
    m.rows[slot]["outcome"] = outcome
    m.rows[slot]["lb_response_ns"] = now
    return back_to_client(f, m, slot, now)


@part
def _open(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """Open a connection to the backend's NodePort."""
    m.rows[slot]["new_connection"] += 2
    its = f.listeners[m.journeys[slot]["listener"]]
    it = m.backends[its["first_backend"] + m.journeys[slot]["backend"]]
    return open_connection(f, m, slot, int(it["node"]), its["service"], it["rule"], now)


@part
def _joined(f: Fixed, m: Moving, slot: int) -> int:
    """The connection that the client's is joined to, 0 if none is yet; `NONE` where the client has
    ended its own."""
    connection = m.journeys[slot]["connection"]
    return int(connection if connection == NONE else m.links[connection]["upstream"])


@kernel
def _along(f: Fixed, m: Moving, slot: int, kept: int, now: int) -> tuple[int, int]:
    """The request goes over a connection of the balancer's that is open, or being opened."""
    row = m.rows[slot]
    m.journeys[slot]["upstream"] = kept
    row["lb_port"] = m.links[kept]["port"]
    row["lb_connection"] = m.pools.connections[kept]["number"]
    return carry(f, m, slot, kept, now)


@kernel
def _join(f: Fixed, m: Moving, slot: int, route: int, now: int) -> None:
    """Join the connection that is opened to the client's, for as long as that lasts."""
    row, journey = m.rows[slot], m.journeys[slot]
    kept = keep(f, m, slot, _NOBODYS, route, row["lb_port"], now)
    journey["upstream"] = m.links[journey["connection"]]["upstream"] = kept
    m.links[kept]["listener"], m.links[kept]["backend"] = journey["listener"], journey["backend"]
    row["lb_connection"] = m.pools.connections[kept]["number"]


@kernel
def _connect(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """A balancer that keeps connections takes one to the backend, or the request waits for it."""
    settings, pools, connections, room = m.pools
    journey = m.journeys[slot]
    pool = f.listeners[journey["listener"]]["first_pool"] + journey["backend"]
    found = check_out(settings, pools, connections, room, pool)
    if found == WAIT:
        wait(m, slot, pool)
        return NONE, NONE
    return balancer_takes(f, m, slot, pool, found, now)


@kernel
def balancer_takes(
    f: Fixed, m: Moving, slot: int, pool: int, found: int, now: int
) -> tuple[int, int]:
    """A request goes over a connection of the pool, or has another opened."""
    row, journey = m.rows[slot], m.journeys[slot]
    if found != OPEN:
        return _along(f, m, slot, found, now)
    route = route_of_balancer(f, m, slot)
    place, before = take(f, m, route, now)
    if place == hosts.EXHAUSTED:
        row["outcome"] = _PORTS_EXHAUSTED
        row["lb_response_ns"] = now
        return now, _ANSWER
    row["lb_port"] = f.first_port + place
    journey["before"] = before
    kept = journey["upstream"] = keep(f, m, slot, pool, route, row["lb_port"], now)
    row["lb_connection"] = m.pools.connections[kept]["number"]
    return _open(f, m, slot, now)


@part
def balanced(f: Fixed, m: Moving, listener: int) -> tuple[int, NDArray[Any], NDArray[np.int64]]:
    """A listener's strategy, its backends, and the strategy's memory."""
    its = f.listeners[listener]
    backends = m.backends[its["first_backend"] : its["end_backend"]]
    return its["strategy"], backends, m.memory[its["first_memory"] : its["end_memory"]]


@part
def _address_of_client(f: Fixed, m: Moving, slot: int) -> int:
    """The IPv4 address that the client's request comes from, as a number."""
    return int(f.clients[m.rows[slot]["client"]]["address"] + m.journeys[slot]["turn"])
