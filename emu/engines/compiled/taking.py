"""Parts of the compiled loop: which kept connection a request takes, and who waits for one."""

from emu.engines.compiled.balancer import (
    balanced,
    open_to_backend,
    pick_for,
    unable,
    without_backend,
)
from emu.engines.compiled.client import meet_listener, open_to_target
from emu.engines.compiled.connection import route_of_balancer, take
from emu.engines.compiled.journeys import client_trip
from emu.engines.compiled.keeping import keep
from emu.engines.compiled.layout import NONE, Fixed, Moving
from emu.engines.compiled.link import carry
from emu.engines.compiled.queue import join, take_first
from emu.engines.compiled.schedule import schedule, ticket_at
from emu.engines.ending import NEVER
from emu.events import Kind
from emu.hops import ports as hosts
from emu.hops.balancer import started
from emu.hops.network import CARRIED
from emu.hops.pool import OPEN, WAIT, check_out
from emu.kernel import kernel, part
from emu.model.targets import TargetKind
from emu.recorder.rows import ABSENT, Outcome

_ANSWER = int(Kind.ANSWER)
_LB_REQUEST = int(Kind.LB_REQUEST)
_LISTENER = int(TargetKind.LISTENER)
_PORTS_EXHAUSTED, _RESET = int(Outcome.PORTS_EXHAUSTED), int(Outcome.RESET)
_NOBODYS = 0


@kernel
def client_connect(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """A client that keeps connections takes one, or waits for it, unless it has given up."""
    if m.attempts[slot]["given_up"] != NONE:
        m.rows[slot]["sent_ns"] = ABSENT
        return now, _ANSWER
    settings, pools, connections, room = m.pools
    pool = f.targets[m.journeys[slot]["target"]]["pool"] + m.journeys[slot]["turn"]
    found = check_out(settings, pools, connections, room, pool)
    if found == WAIT:
        m.rows[slot]["sent_ns"] = ABSENT
        join(m.journeys, m.waiting, pool, slot)
        return NONE, NONE
    return _client_takes(f, m, slot, pool, found, now)


@kernel
def _client_takes(
    f: Fixed, m: Moving, slot: int, pool: int, found: int, now: int
) -> tuple[int, int]:
    """A client's request goes over a connection of the pool, or has another opened."""
    row, journey = m.rows[slot], m.journeys[slot]
    row["sent_ns"], kept = now, found
    if found == OPEN:
        place, before = take(m.ports, journey["route"], f.ports, f.port_rest, now)
        if place == hosts.EXHAUSTED:
            row["outcome"] = _PORTS_EXHAUSTED
            return now, _ANSWER
        journey["before"] = before
        kept = keep(f, m, slot, pool, journey["route"], f.first_port + place, now)
        row["new_connection"] = 1
    journey["connection"] = kept
    row["client_port"] = m.links[kept]["port"]
    row["connection"] = m.pools.connections[kept]["number"]
    if found == OPEN:
        return open_to_target(f, m, slot, now)
    if f.targets[journey["target"]]["kind"] == _LISTENER:
        return _to_balancer(f, m, slot, kept, now)
    return carry(f, m, slot, kept, now)


@part
def _to_balancer(f: Fixed, m: Moving, slot: int, kept: int, now: int) -> tuple[int, int]:
    """A request goes to a load balancer over a connection that is open, or being opened."""
    meet_listener(f, m, slot)
    row, vertex = m.rows[slot], f.net.listeners[m.journeys[slot]["listener"]]["vertex"]
    it = m.links[kept]
    if it["fails_ns"] < NEVER:
        row["lb_ns"] = max(now, it["fails_ns"])
        return row["lb_ns"], _LB_REQUEST
    start = max(now, it["ready_ns"])
    row["lb_ns"] = start + client_trip(f.net, m.rows, slot, vertex, row["request_bytes"], CARRIED)
    return row["lb_ns"], _LB_REQUEST


@kernel
def forward(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """A load balancer takes a connection that is kept, or joins one to the client's."""
    journey = m.journeys[slot]
    its = f.net.listeners[journey["listener"]]
    joins = its["joins"] != 0
    if joins:
        kept = _joined(m, slot)
        if kept == NONE:
            return unable(f, m, slot, _RESET, now)
        if kept != 0:
            return _along(f, m, slot, kept, now)
    backend = pick_for(f, m, slot, now)
    if backend < 0:
        return unable(f, m, slot, without_backend(backend), now)
    journey["backend"] = backend
    if joins:
        return _join(f, m, slot, now)
    strategy, backends, memory = balanced(
        f.net.listeners, m.backends, m.memory, journey["listener"]
    )
    started(strategy, backends, memory, backend)
    settings, pools, connections, room = m.pools
    pool = its["first_pool"] + backend
    found = check_out(settings, pools, connections, room, pool)
    if found == WAIT:
        join(m.journeys, m.waiting, pool, slot)
        return NONE, NONE
    return _balancer_takes(f, m, slot, pool, found, now)


@part
def _joined(m: Moving, slot: int) -> int:
    """The connection that the client's is joined to, 0 if none is yet; `NONE` where the client's
    has ended, or does not have the request any more."""
    connection = m.journeys[slot]["connection"]
    if connection == NONE or (connection != 0 and m.pools.connections[connection]["over"]):
        return NONE
    return int(m.links[connection]["upstream"])


@part
def _along(f: Fixed, m: Moving, slot: int, kept: int, now: int) -> tuple[int, int]:
    """The request goes over a connection of the balancer's that is open, or being opened."""
    row = m.rows[slot]
    m.journeys[slot]["upstream"] = kept
    row["lb_port"] = m.links[kept]["port"]
    row["lb_connection"] = m.pools.connections[kept]["number"]
    return carry(f, m, slot, kept, now)


@kernel
def _join(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """Open a connection that is joined to the client's, for as long as that lasts."""
    journey = m.journeys[slot]
    route = route_of_balancer(f.net.listeners, m.backends, m.journeys, slot)
    place, before = take(m.ports, route, f.ports, f.port_rest, now)
    if place == hosts.EXHAUSTED:
        return unable(f, m, slot, _PORTS_EXHAUSTED, now)
    strategy, backends, memory = balanced(
        f.net.listeners, m.backends, m.memory, journey["listener"]
    )
    started(strategy, backends, memory, journey["backend"])
    kept = _kept_by_balancer(f, m, slot, _NOBODYS, route, place, before, now)
    m.links[journey["connection"]]["upstream"] = kept
    m.links[kept]["listener"], m.links[kept]["backend"] = journey["listener"], journey["backend"]
    return open_to_backend(f, m, slot, now)


@part
def _kept_by_balancer(
    f: Fixed, m: Moving, slot: int, pool: int, route: int, place: int, before: int, now: int
) -> int:
    """A connection that the balancer opens for a request, from this port, and keeps."""
    row, journey = m.rows[slot], m.journeys[slot]
    row["lb_port"], journey["before"] = f.first_port + place, before
    kept = journey["upstream"] = keep(f, m, slot, pool, route, row["lb_port"], now)
    row["lb_connection"] = m.pools.connections[kept]["number"]
    return int(kept)


@kernel
def _balancer_takes(
    f: Fixed, m: Moving, slot: int, pool: int, found: int, now: int
) -> tuple[int, int]:
    """A request goes over a connection of the pool, or has another opened."""
    if found != OPEN:
        return _along(f, m, slot, found, now)
    route = route_of_balancer(f.net.listeners, m.backends, m.journeys, slot)
    place, before = take(m.ports, route, f.ports, f.port_rest, now)
    if place == hosts.EXHAUSTED:
        m.rows[slot]["outcome"] = _PORTS_EXHAUSTED
        m.rows[slot]["lb_response_ns"] = now
        return now, _ANSWER
    _kept_by_balancer(f, m, slot, pool, route, place, before, now)
    return open_to_backend(f, m, slot, now)


@kernel
def serve(f: Fixed, m: Moving, pool: int, now: int) -> None:
    """Give the requests that wait for a connection what there is."""
    settings, pools, connections, room = m.pools
    while m.waiting[pool, 0] != NONE:
        slot, found = m.waiting[pool, 0], WAIT
        late = m.journeys[slot]["listener"] == NONE and m.attempts[slot]["given_up"] != NONE
        if not late:
            found = check_out(settings, pools, connections, room, pool)
            if found == WAIT:
                return
        take_first(m.journeys, m.waiting, pool)
        if late:
            time, kind = now, _ANSWER
        elif m.journeys[slot]["listener"] == NONE:
            time, kind = _client_takes(f, m, slot, pool, found, now)
        else:
            time, kind = _balancer_takes(f, m, slot, pool, found, now)
        if time != NONE:
            schedule(m.events, kind, time, ticket_at(m.rows, slot), slot)
