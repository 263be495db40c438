"""The compiled loop: the same events as the process engine's, from a heap.

Each event is handled by one kernel below, named as in `emu.events.Kind`; it asks the kernels of
`emu.hops` and returns the time and kind of what follows for the same request, or `NONE`. An event
of another request or client that follows is left in ``counters`` and pushed by the loop.
"""

from emu.engines.compiled import aside, calls
from emu.engines.compiled.ahead import look_ahead
from emu.engines.compiled.balancer import answer, lb_request
from emu.engines.compiled.client import client_send, next_of_client
from emu.engines.compiled.event_list import add, earliest, remove
from emu.engines.compiled.heap import RANK, SLOT, TIME
from emu.engines.compiled.layout import (
    CALL,
    CHUNK,
    FINISHED,
    FREE,
    HAPPENED,
    LATER,
    MANY,
    MOST_TIMERS,
    NONE,
    NOW,
    PUSH_KIND,
    PUSH_SLOT,
    PUSH_TICKET,
    PUSH_TIME,
    ROWS,
    TIMERS,
    WAIT_AGAIN,
    WANTED,
    Fixed,
    Moving,
)
from emu.engines.compiled.node import node_syn
from emu.engines.compiled.pause import Pause
from emu.engines.compiled.pod import pod_request, service_end
from emu.engines.compiled.schedule import schedule, ticket_at
from emu.events import Kind, kind_of, ticket_in, ticket_of
from emu.hops import pool
from emu.hops import ports as hosts
from emu.kernel import kernel, part, ticks

_SERVICE_END = int(Kind.SERVICE_END)
_ANSWER = int(Kind.ANSWER)
_CLIENT_SEND = int(Kind.CLIENT_SEND)
_LB_REQUEST = int(Kind.LB_REQUEST)
_NODE_SYN = int(Kind.NODE_SYN)
_POD_REQUEST = int(Kind.POD_REQUEST)
_DUE = int(Pause.DUE)
_ROWS = int(Pause.ROWS)
_SLOTS = int(Pause.SLOTS)
_PORTS = int(Pause.PORTS)
_CONNECTIONS = int(Pause.CONNECTIONS)
_EVENTS = int(Pause.EVENTS)
_CALLS = int(Pause.CALLS)
_FINISHED = int(Pause.FINISHED)


@kernel
def advance(f: Fixed, m: Moving, until: int) -> int:
    """Handle the events before ``until``, as far as there is room; why it stopped: a `Pause`."""
    counters = m.counters
    while counters[FINISHED] != counters[WANTED]:
        place = earliest(m.events)
        now = m.events.firsts[place, TIME]
        if now >= until:
            return _DUE
        if counters[ROWS] == CHUNK:
            return _ROWS
        rank, slot = m.events.firsts[place, RANK], m.events.firsts[place, SLOT]
        kind = kind_of(rank)
        if f.aside or kind in (_CLIENT_SEND, _LB_REQUEST):
            wanted = _lacking(f, m)
            if wanted != NONE:
                return wanted
        if len(m.rows) > MANY and kind != _CLIENT_SEND:
            look_ahead(f, m, place)
        counters[NOW], counters[PUSH_TIME] = now, NONE
        began = ticks() if f.timed else 0
        remove(m.events, place)
        time, then = _happen(f, m, kind, slot, ticket_in(rank), now)
        if time == WAIT_AGAIN:
            add(m.events, kind, now, rank, slot)
            return then
        counters[HAPPENED] += 1
        _schedule_what_follows(f, m, kind, slot, time, then)
        if f.timed:
            m.times[kind, 0] += 1
            m.times[kind, 1] += ticks() - began
    return _FINISHED


@part
def _lacking(f: Fixed, m: Moving) -> int:
    """What there is no room for when a connection is to be opened: a `Pause`, or `NONE`."""
    if m.counters[FREE] >= len(m.rows):
        return _SLOTS
    if hosts.crowded(m.ports.resting, m.ports.room, MOST_TIMERS if f.aside else 1):
        return _PORTS
    return _lacking_aside(m) if f.aside else NONE


@kernel
def lacking(f: Fixed, m: Moving) -> int:
    """The same, for who opens connections outside of the loop."""
    return int(_lacking(f, m))


@part
def _lacking_aside(m: Moving) -> int:
    """The same, of what there is for connections that are kept, and for watched clients."""
    if m.counters[CALL] >= len(m.calls):
        return _CALLS
    if pool.crowded(m.pools.connections, m.pools.room, MOST_TIMERS):
        return _CONNECTIONS
    if len(m.rows) + len(m.numbers) + m.counters[TIMERS] + MOST_TIMERS > len(m.events.heap):
        return _EVENTS
    return NONE


@part
def _schedule_what_follows(f: Fixed, m: Moving, kind: int, slot: int, time: int, then: int) -> None:
    """Put what follows an event of this kind on the list: of the same slot, and of another."""
    counters = m.counters
    if f.aside and counters[LATER] != 0:
        aside.afterwards(f, m, counters[NOW])
    if time != NONE:
        schedule(m.events, then, time, _whose(f, m, kind, slot), slot)
    if counters[PUSH_TIME] != NONE:
        schedule(
            m.events, counters[PUSH_KIND], counters[PUSH_TIME], counters[PUSH_TICKET],
            counters[PUSH_SLOT],
        )  # fmt: skip


@part
def _happen(f: Fixed, m: Moving, kind: int, slot: int, ticket: int, now: int) -> tuple[int, int]:
    """Handle an event; when the next one of the same slot comes, and of which kind it is."""
    if kind == _NODE_SYN:
        return node_syn(f, m, slot, now)
    if kind == _POD_REQUEST:
        return pod_request(f, m, slot, now)
    if kind == _SERVICE_END:
        return service_end(f, m, slot, ticket, now)
    if kind == _ANSWER:
        return answer(f, m, slot, now)
    if kind == _LB_REQUEST:
        return lb_request(f, m, slot, now)
    if kind == _CLIENT_SEND:
        return client_send(f, m, slot, ticket, now)
    return aside.happen(f, m, kind, slot, ticket, now)


@part
def _whose(f: Fixed, m: Moving, kind: int, slot: int) -> int:
    """The ticket of an event's follower: a client's sending is followed by that of its next."""
    if kind == _CLIENT_SEND:
        return int(ticket_of(m.numbers[slot] * len(f.net.clients) + slot, 0))
    return int(ticket_at(m.rows, slot))


@kernel
def processor_clock() -> int:
    """The clock by which the loop times events, in ticks."""
    return int(ticks())


@kernel
def start(f: Fixed, m: Moving) -> None:
    """Put each client's first event on the list; and in a closed loop, each user's."""
    m.counters[TIMERS] = 0
    for client in range(len(f.net.clients)):
        users = f.net.clients[client]["users"]
        for user in range(users):
            calls.think(f, m, client, user * len(f.net.clients) + client, 0)
        if users == 0:
            time, then = next_of_client(f, m, client, 0)
            if time != NONE:
                schedule(m.events, then, time, ticket_of(client, 0), client)
