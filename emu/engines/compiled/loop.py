"""The compiled loop: the same events as the process engine's, from a heap.

Each event is handled by one kernel below, named as in `emu.events.Kind`; it asks the kernels of
`emu.hops` and returns the time and kind of what follows for the same request, or `NONE`. An event
of another request or client that follows is left in ``counters`` and pushed by the loop.
"""

from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.distributions import sample
from emu.engines.compiled.event_list import HEAP, add, earliest, later, remove
from emu.engines.compiled.heap import RANK, SLOT, TIME
from emu.engines.compiled.layout import (
    CHUNK,
    FINISHED,
    FREE,
    HAPPENED,
    NONE,
    NOW,
    PUSH_KIND,
    PUSH_REQUEST,
    PUSH_SLOT,
    PUSH_TIME,
    ROWS,
    SENDING,
    SENT,
    WANTED,
    Fixed,
    Moving,
)  # fmt: skip
from emu.engines.ending import NEVER, deadline_of, ending
from emu.events import Kind, kind_of, priority
from emu.hops import dns
from emu.hops import ports as hosts
from emu.hops.balancer import finished, pick, started
from emu.hops.conntrack import Closing, close, closing_of_datagrams, entry_of, fetch
from emu.hops.network import (
    ANSWERED,
    CLIENT_CONNECTION,
    DATAGRAM,
    DATAGRAM_ONWARD,
    DATAGRAM_REACH,
    ESTABLISHED,
    FIRST_PACKET,
    ONWARD,
    POD_CONNECTION,
    REACH,
    REFUSED,
    travel,
)  # fmt: skip
from emu.hops.node import Verdict, translate, tuple_prefix
from emu.hops.pod import Admission, arrive, leave
from emu.hops.tcp import resend
from emu.kernel import kernel, part, prefetch, ticks
from emu.model.targets import TargetKind
from emu.random_streams import SERVICE
from emu.recorder.rows import Outcome
from emu.workload import following


class Pause(IntEnum):
    """Why the loop has returned."""

    DUE = 0
    """The next event is at or after the time given, or there is none."""
    ROWS = 1
    """There is no room for another row."""
    SLOTS = 2
    """There is no slot for another request."""
    ENLARGE = 3
    """What nodes keep of connections needs room."""
    PORTS = 4
    """The ports of routes need room."""
    FINISHED = 5
    """As many requests as were to be sent are finished, or as there are."""


_DUE, _ROWS, _SLOTS, _ENLARGE, _PORTS, _FINISHED = (int(pause) for pause in Pause)
_SERVICE_END, _ANSWER, _CLIENT_SEND, _LB_REQUEST, _NODE_SYN, _POD_REQUEST = (int(k) for k in Kind)
_LISTENER, _SERVICE, _POD, _CLOSED, _ = (int(kind) for kind in TargetKind)
_SERVED, _QUEUED, _ = (int(admission) for admission in Admission)
_TIME_WAIT, _CLOSE, _SYN_SENT = (int(closing) for closing in tuple(Closing)[:3])
_DROP, _REJECT = int(Verdict.DROP), int(Verdict.REJECT)
_NO_CONNTRACK, _NO_SNAT_PORT = int(Verdict.NO_CONNTRACK), int(Verdict.NO_SNAT_PORT)
_WANTS_ROOM = int(Verdict.ENLARGE)

_OK, _IN_FLIGHT, _REFUSED = int(Outcome.OK), int(Outcome.IN_FLIGHT), int(Outcome.REFUSED)
_BACKLOG_FULL, _BAD_GATEWAY = int(Outcome.BACKLOG_FULL), int(Outcome.BAD_GATEWAY)
_CONNECT_TIMEOUT, _DNS_FAILURE = int(Outcome.CONNECT_TIMEOUT), int(Outcome.DNS_FAILURE)
_NO_LOCAL_ENDPOINT = int(Outcome.DROPPED_NO_LOCAL_ENDPOINT)
_CONNTRACK_FULL, _SNAT_EXHAUSTED = int(Outcome.CONNTRACK_FULL), int(Outcome.SNAT_EXHAUSTED)
_PORTS_EXHAUSTED = int(Outcome.PORTS_EXHAUSTED)

_WAIT_AGAIN: Final = -2
_MANY: Final = 2048
"""Requests under way whose state no longer fits into a processor's second-level cache."""


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
        if kind in (_CLIENT_SEND, _LB_REQUEST):
            lacking = _lacking(f, m)
            if lacking != NONE:
                return lacking
        if len(m.rows) > _MANY and kind != _CLIENT_SEND:
            _look_ahead(f, m, place)
        counters[NOW], counters[PUSH_TIME] = now, NONE
        began = ticks() if f.timed else 0
        time, then = _happen(f, m, kind, slot, now)
        if time == _WAIT_AGAIN:
            return _ENLARGE
        counters[HAPPENED] += 1
        remove(m.events, place)
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
    if hosts.crowded(m.ports.resting, m.ports.room):
        return _PORTS
    return NONE


@part
def _look_ahead(f: Fixed, m: Moving, place: int) -> None:
    """Let the state of requests whose turn comes soon be at hand then.

    The heap is that of services mostly: first a request's own state is fetched, and when that has
    come, the Pod, the conntrack entry and the source port that its end is about.
    """
    if place == HEAP:
        for step in range(3, 7):
            _fetch(m, later(m.events, place, step))
        _fetch_around(f, m, later(m.events, place, 1))
        _fetch_around(f, m, later(m.events, place, 2))
    else:
        _fetch(m, later(m.events, place, 2))


@part
def _fetch(m: Moving, slot: int) -> None:
    prefetch(m.rows, slot)
    prefetch(m.journeys, slot)


@part
def _fetch_around(f: Fixed, m: Moving, slot: int) -> None:
    if slot >= len(m.rows):  # a client, whose number is that of no slot
        return
    pod, journey = m.rows[slot]["pod"], m.journeys[slot]
    prefetch(m.pods, pod)
    prefetch(m.backlogs, 2 * pod)
    fetch(m.conntrack.keys, journey["entry"])
    if journey["listener"] != NONE:
        hosts.fetch_last(m.ports.routes, m.ports.resting, _route_of_balancer(f, m, slot))


@part
def _schedule_what_follows(f: Fixed, m: Moving, kind: int, slot: int, time: int, then: int) -> None:
    """Put what follows an event of this kind on the list: of the same slot, and of another."""
    counters = m.counters
    if time != NONE:
        _schedule(m, then, time, _whose(f, m, kind, slot), slot)
    if counters[PUSH_TIME] != NONE:
        _schedule(
            m, counters[PUSH_KIND], counters[PUSH_TIME], counters[PUSH_REQUEST],
            counters[PUSH_SLOT],
        )  # fmt: skip


@part
def _schedule(m: Moving, kind: int, time: int, request: int, slot: int) -> None:
    add(m.events, kind, time, priority(kind, request), slot)


@part
def _happen(f: Fixed, m: Moving, kind: int, slot: int, now: int) -> tuple[int, int]:
    """Handle an event; when the next one of the same slot comes, and of which kind it is."""
    if kind == _NODE_SYN:
        return _node_syn(f, m, slot, now)
    if kind == _POD_REQUEST:
        return _pod_request(f, m, slot, now)
    if kind == _SERVICE_END:
        return _service_end(f, m, slot, now)
    if kind == _ANSWER:
        return _answer(f, m, slot, now)
    if kind == _LB_REQUEST:
        return _lb_request(f, m, slot, now)
    return _client_send(f, m, slot, now)


@part
def _whose(f: Fixed, m: Moving, kind: int, slot: int) -> int:
    """The request of an event's follower: a client's sending is followed by that of its next."""
    if kind == _CLIENT_SEND:
        return int(m.numbers[slot]) * len(f.clients) + slot
    return int(m.rows[slot]["request"])


@kernel
def processor_clock() -> int:
    """The clock by which the loop times events, in ticks."""
    return int(ticks())


@kernel
def start(f: Fixed, m: Moving) -> None:
    """Put each client's first event on the heap."""
    for client in range(len(f.clients)):
        time, then = _next_of_client(f, m, client, 0)
        if time != NONE:
            _schedule(m, then, time, client, client)


@part
def _next_of_client(f: Fixed, m: Moving, client: int, previous: int) -> tuple[int, int]:
    """When the client means to send its next request, unless the run is over then."""
    request = m.numbers[client] * len(f.clients) + client
    intended = following(
        f.clients[client]["arrivals"], m.arrivals, f.clients[client]["arrival_parameters"],
        f.seed, request, m.numbers[client], previous,
    )  # fmt: skip
    if intended >= f.end:
        m.counters[SENDING] -= 1
        if m.counters[SENDING] == 0 and f.end == NEVER:
            m.counters[WANTED] = m.counters[SENT]
        return NONE, NONE
    return intended, _CLIENT_SEND


@part
def _client_send(f: Fixed, m: Moving, client: int, now: int) -> tuple[int, int]:
    """A new request is under way; the client's next one follows."""
    counters, clients = m.counters, f.clients
    if counters[SENT] == f.requests:
        return NONE, NONE
    counters[SENT] += 1
    slot = counters[FREE]
    counters[FREE] = m.journeys[slot]["next"]
    m.rows[slot] = m.blank[0]
    row, journey = m.rows[slot], m.journeys[slot]
    request = m.numbers[client] * len(clients) + client
    row["request"] = row["connection"] = request
    row["client"] = client
    row["request_bytes"] = clients[client]["request_bytes"]
    journey["listener"], journey["entry"], journey["retry"] = NONE, 0, 0
    journey["backend"] = 0  # for who looks ahead before one is picked: the slot may have another's
    row["intended_ns"] = row["sent_ns"] = now
    time, kind = _set_out(f, m, slot, client, now)
    counters[PUSH_TIME], counters[PUSH_KIND] = time, kind
    counters[PUSH_REQUEST], counters[PUSH_SLOT] = request, slot
    m.numbers[client] += 1
    return _next_of_client(f, m, client, now)


@part
def _set_out(f: Fixed, m: Moving, slot: int, client: int, now: int) -> tuple[int, int]:
    """Resolve the name, and connect to what stands behind the address."""
    row, journey, clients = m.rows[slot], m.journeys[slot], f.clients
    address, targets = 0, clients[client]["targets"]
    if clients[client]["resolves"]:
        row["sent_ns"] += dns.resolve(
            m.dns, client, now, max(targets, 1), f.table, f.resolver_latency, f.resolver_ttl,
            f.seed, row["request"], 0,
        )  # fmt: skip
        address = m.dns[client]["address"]
    sent, sources = row["sent_ns"], clients[client]["sources"]
    turn = journey["turn"] = m.turns[client]
    m.turns[client] = turn + 1 if turn + 1 < sources else 0
    if targets == 0:
        row["outcome"] = _DNS_FAILURE
        return sent, _ANSWER
    journey["sender"] = client
    target = journey["target"] = clients[client]["first_target"] + address
    journey["route"] = f.targets[target]["route"] + turn
    place, before = _take(f, m, journey["route"], sent)
    if len(m.rows) > _MANY:
        _fetch_routes(f, m, f.targets[target]["route"], turn, sources)
    if place == hosts.EXHAUSTED:
        row["outcome"] = _PORTS_EXHAUSTED
        return sent, _ANSWER
    row["client_port"] = f.first_port + place
    journey["before"] = before
    kind, vertex = f.targets[target]["kind"], f.targets[target]["vertex"]
    if kind == _LISTENER:
        journey["listener"] = f.targets[target]["listener"]
        journey["sender"] = len(clients) + journey["listener"]
        row["load_balancer"] = f.listeners[journey["listener"]]["load_balancer"]
        row["lb_ns"] = sent + _client_travel(f, m, slot, vertex, row["request_bytes"], REACH)
        return row["lb_ns"], _LB_REQUEST
    if kind == _SERVICE:
        node, service = f.targets[target]["node"], f.targets[target]["service"]
        return _open(f, m, slot, node, service, f.targets[target]["rule"], sent)
    if kind == _POD:
        return _to_pod(f, m, slot, target, sent)
    if kind == _CLOSED:
        journey["via"] = vertex
        return _refused(f, m, slot, sent, vertex, 0, FIRST_PACKET[0])
    row["outcome"] = _CONNECT_TIMEOUT
    return _answered(f, m, slot, sent + f.clients[client]["patience_ns"], 0)


@part
def _fetch_routes(f: Fixed, m: Moving, first: int, turn: int, sources: int) -> None:
    """Let the ports be at hand that the client's next requests will take."""
    following = turn + 1 if turn + 1 < sources else 0
    after = following + 1 if following + 1 < sources else 0
    hosts.fetch_next(m.ports.routes, m.ports.resting, first + following, first + after)


@part
def _take(f: Fixed, m: Moving, route: int, at: int) -> tuple[int, int]:
    routes, resting, room = m.ports
    return hosts.take(routes, resting, room, route, f.ports, f.port_rest, at)


@part
def _datagram(f: Fixed, m: Moving, slot: int) -> bool:
    """Whether the request goes over UDP."""
    return f.datagrams and f.targets[m.journeys[slot]["target"]]["datagram"] != 0


@part
def _to_pod(f: Fixed, m: Moving, slot: int, target: int, sent: int) -> tuple[int, int]:
    """Straight to a Pod's own address, translated by nobody."""
    row, pod = m.rows[slot], f.targets[target]["pod"]
    vertex = m.pods[pod]["node"]
    row["pod"] = pod
    m.journeys[slot]["via"] = vertex
    if f.targets[target]["port"] != m.pods[pod]["app_port"]:
        return _refused(f, m, slot, sent, vertex, 1, FIRST_PACKET[0])
    legs = DATAGRAM_REACH if _datagram(f, m, slot) else REACH
    return sent + _travel(f, m, slot, vertex, 1, row["request_bytes"], legs), _POD_REQUEST


@part
def _lb_request(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The strategy picks a backend, and the balancer opens a connection to it."""
    row, journey = m.rows[slot], m.journeys[slot]
    listener = journey["listener"]
    strategy, backends, memory = _balanced(f, m, listener)
    backend = pick(
        strategy, backends, memory, now, _address_of_client(f, m, slot), f.seed, row["request"], 0
    )
    if backend < 0:
        row["outcome"] = _BAD_GATEWAY
        row["lb_response_ns"] = now
        return _back_to_client(f, m, slot, now)
    journey["backend"] = backend
    place, before = _take(f, m, backends[backend]["route"], now)
    if place == hosts.EXHAUSTED:
        row["outcome"] = _PORTS_EXHAUSTED
        row["lb_response_ns"] = now
        return _back_to_client(f, m, slot, now)
    started(strategy, backends, memory, backend)
    row["lb_port"] = f.first_port + place
    journey["before"] = before
    node, service = int(backends[backend]["node"]), f.listeners[listener]["service"]
    return _open(f, m, slot, node, service, backends[backend]["rule"], now)


@part
def _balanced(f: Fixed, m: Moving, listener: int) -> tuple[int, NDArray[Any], NDArray[np.int64]]:
    """A listener's strategy, its backends, and the strategy's memory."""
    its = f.listeners[listener]
    backends = m.backends[its["first_backend"] : its["end_backend"]]
    return its["strategy"], backends, m.memory[its["first_memory"] : its["end_memory"]]


@part
def _address_of_client(f: Fixed, m: Moving, slot: int) -> int:
    """The IPv4 address that the client's request comes from, as a number."""
    return int(f.clients[m.rows[slot]["client"]]["address"] + m.journeys[slot]["turn"])


@part
def _open(
    f: Fixed, m: Moving, slot: int, node: int, service: int, rule: int, now: int
) -> tuple[int, int]:
    """The sender's first SYN is on its way to the node that translates it."""
    row, journey = m.rows[slot], m.journeys[slot]
    row["node"], row["service"] = node, service
    journey["via"] = node
    journey["rule"] = rule
    if _datagram(f, m, slot):
        return now + _travel(f, m, slot, node, 0, row["request_bytes"], DATAGRAM), _NODE_SYN
    return now + _travel(f, m, slot, node, 0, 0, FIRST_PACKET), _NODE_SYN


@part
def _out_of_patience(f: Fixed, m: Moving, slot: int) -> int:
    """When the sender gives up on a connection that is not answered."""
    row = m.rows[slot]
    start = row["sent_ns"] if m.journeys[slot]["listener"] == NONE else row["lb_ns"]
    return int(start + f.senders[m.journeys[slot]["sender"]]["patience_ns"])


@part
def _node_syn(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The node's rules translate the connection, refuse it, or drop its SYN."""
    row, journey = m.rows[slot], m.journeys[slot]
    node, sender, table = journey["via"], f.senders[m.journeys[slot]["sender"]], m.conntrack
    turn = int(journey["turn"]) if journey["listener"] == NONE else 0
    own_port = row["client_port"] if journey["listener"] == NONE else row["lb_port"]
    verdict, endpoint, nat_port, masqueraded = translate(
        f.rules, f.members, f.endpoints, m.affinity.kept, m.affinity.used,
        table.keys, table.ends, table.loads, table.expiries, table.counters, table.live,
        table.servers,
        f.mode, f.loads, f.evicts, journey["rule"], node,
        sender["number"] + turn, f.sources, sender["pod"], sender["address"] + turn,
        own_port, journey["before"], f.limits[node], now,
        f.seed, row["request"], int(journey["retry"]) << 16,
    )  # fmt: skip
    if verdict == _WANTS_ROOM:
        return _WAIT_AGAIN, NONE
    if verdict in (_DROP, _NO_CONNTRACK, _NO_SNAT_PORT):
        return _dropped(f, m, slot, verdict, now)
    row["outcome"], row["node_ns"] = _IN_FLIGHT, now
    now += f.rules[journey["rule"]]["cost_ns"]
    if verdict == _REJECT:
        return _refused(f, m, slot, now, node, 0, REFUSED[0])
    row["endpoint"] = endpoint
    row["pod"] = f.endpoints[endpoint]["pod"]
    if masqueraded:
        row["masquerade_port"] = nat_port
    elif nat_port != own_port:
        row["masquerade_port"] = -nat_port
    source = node if masqueraded else sender["number"] + turn
    prefix = tuple_prefix(node, source, endpoint, f.sources, len(f.endpoints))
    journey["entry"] = entry_of(prefix, nat_port)
    return _deliver(f, m, slot, now)


@kernel
def _dropped(f: Fixed, m: Moving, slot: int, verdict: int, now: int) -> tuple[int, int]:
    """The sender sends its SYN again, while it has patience."""
    row, journey = m.rows[slot], m.journeys[slot]
    row["outcome"] = _NO_LOCAL_ENDPOINT
    if verdict == _NO_CONNTRACK:
        row["outcome"] = _CONNTRACK_FULL
    elif verdict == _NO_SNAT_PORT:
        row["outcome"] = _SNAT_EXHAUSTED
    journey["retry"] += 1
    retry = int(journey["retry"])
    again = resend(retry, f.linear)
    out_of_patience = again >= f.senders[m.journeys[slot]["sender"]]["patience_ns"]
    if out_of_patience or _datagram(f, m, slot):
        return _answered(f, m, slot, max(now, _out_of_patience(f, m, slot)), 0)
    return now - resend(retry - 1, f.linear) + again, _NODE_SYN


@kernel
def _refused(
    f: Fixed, m: Moving, slot: int, start: int, vertex: int, hops: int, first: int
) -> tuple[int, int]:
    """Nobody listens there: an RST, or an ICMP message, answers the SYN.

    ``start`` is when the journey ``first``, a `Leg`, began; ``hops`` is 1 where it leads to a Pod.
    """
    row = m.rows[slot]
    row["outcome"] = _REFUSED
    if hops:
        row["pod_ns"] = start + _travel(f, m, slot, vertex, hops, 0, (first, ONWARD[1]))
    back = start + _travel(f, m, slot, vertex, hops, 0, (first, REFUSED[1]))
    _close(f, m, slot, back, _CLOSE)
    return _answered(f, m, slot, back, 0)


@part
def _deliver(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The translated connection goes on to the Pod, if there is one that listens."""
    row = m.rows[slot]
    pod = row["pod"]
    if pod < 0:
        row["outcome"] = _CONNECT_TIMEOUT
        return _silence(f, m, slot, now)
    vertex = m.pods[pod]["node"]
    if m.pods[pod]["app_port"] != f.endpoints[row["endpoint"]]["port"]:
        return _refused(f, m, slot, now, vertex, 1, REFUSED[0])
    legs = DATAGRAM_ONWARD if _datagram(f, m, slot) else ESTABLISHED
    return now + _travel(f, m, slot, vertex, 1, row["request_bytes"], legs), _POD_REQUEST


@part
def _silence(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """Nobody answers the sender, until it has no patience left."""
    back = max(now, _out_of_patience(f, m, slot))
    _close(f, m, slot, back, _SYN_SENT)
    return _answered(f, m, slot, back, 0)


@part
def _pod_request(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The Pod serves the request, lets it wait, or refuses it."""
    row, journey = m.rows[slot], m.journeys[slot]
    pod = row["pod"]
    row["pod_ns"], row["queue_length"] = now, m.pods[pod]["queued"]
    admission = arrive(m.pods, pod)
    if admission == _SERVED:
        return _serve(f, m, slot, pod, now), _SERVICE_END
    if admission == _QUEUED:
        journey["next"] = NONE
        last = m.backlogs[pod, 1]
        if last == NONE:
            m.backlogs[pod, 0] = slot
        else:
            m.journeys[last]["next"] = slot
        m.backlogs[pod, 1] = slot
        return NONE, NONE
    row["outcome"] = _BACKLOG_FULL
    if _datagram(f, m, slot):
        return _silence(f, m, slot, now)
    return _reply(f, m, slot, now, 0, _CLOSE)


@part
def _serve(f: Fixed, m: Moving, slot: int, pod: int, now: int) -> int:
    """A worker turns to the request; when it is done."""
    row = m.rows[slot]
    end = now + sample(f.table, m.pods[pod]["service_time"], f.seed, SERVICE, row["request"], 0)
    row["service_start_ns"], row["service_end_ns"] = now, end
    return end


@part
def _service_end(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The answer is on its way; the first in the backlog is served next."""
    row = m.rows[slot]
    pod, first = row["pod"], NONE
    if leave(m.pods, pod):
        first = m.backlogs[pod, 0]
        _fetch(m, first)
    row["outcome"] = _OK
    size = row["response_bytes"] = f.clients[row["client"]]["response_bytes"]
    follower = _reply(f, m, slot, now, size, _TIME_WAIT)
    if first != NONE:
        _serve_from_backlog(f, m, first, pod, now)
    return follower


@part
def _serve_from_backlog(f: Fixed, m: Moving, first: int, pod: int, now: int) -> None:
    """The first in the Pod's backlog is served: what follows, happens to another slot."""
    m.backlogs[pod, 0] = m.journeys[first]["next"]
    if m.backlogs[pod, 0] == NONE:
        m.backlogs[pod, 1] = NONE
    m.counters[PUSH_TIME] = _serve(f, m, first, pod, now)
    m.counters[PUSH_KIND] = _SERVICE_END
    m.counters[PUSH_REQUEST] = m.rows[first]["request"]
    m.counters[PUSH_SLOT] = first


@part
def _reply(f: Fixed, m: Moving, slot: int, now: int, size: int, closing: int) -> tuple[int, int]:
    """The Pod's answer, or its refusal, goes back to the sender."""
    back = now + _travel(f, m, slot, m.pods[m.rows[slot]["pod"]]["node"], 1, size, ANSWERED)
    _close(f, m, slot, back, closing)
    in_order = closing == _TIME_WAIT and not _datagram(f, m, slot)
    return _answered(f, m, slot, back, f.time_wait if in_order else 0)


@part
def _answered(f: Fixed, m: Moving, slot: int, back: int, held: int) -> tuple[int, int]:
    """The sender of the connection to the Pod has its answer then, or has given up; its port is
    ``held`` for so long after that."""
    row, journey = m.rows[slot], m.journeys[slot]
    if journey["listener"] == NONE:
        _release(f, m, journey["route"], row["client_port"], back + held, journey["entry"])
        return back, _ANSWER
    row["lb_response_ns"] = back
    route = _route_of_balancer(f, m, slot)
    _release(f, m, route, row["lb_port"], back + held, journey["entry"])
    return back, _ANSWER


@part
def _route_of_balancer(f: Fixed, m: Moving, slot: int) -> int:
    """The route from the load balancer to its backend."""
    journey = m.journeys[slot]
    first = f.listeners[journey["listener"]]["first_backend"]
    return int(m.backends[first + journey["backend"]]["route"])


@part
def _release(f: Fixed, m: Moving, route: int, port: int, free: int, entry: int) -> None:
    routes, resting, room = m.ports
    hosts.release(routes, resting, room, route, port - f.first_port, free, entry)


@part
def _answer(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """A balancer passes the answer on; a client that is itself the sender has it."""
    listener = m.journeys[slot]["listener"]
    if listener == NONE:
        return _finish(f, m, slot, now)
    strategy, backends, memory = _balanced(f, m, listener)
    latency = now - m.rows[slot]["lb_ns"]
    finished(strategy, backends, memory, m.journeys[slot]["backend"], now, latency)
    return _back_to_client(f, m, slot, now)


@part
def _back_to_client(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The answer goes from the load balancer to the client."""
    row = m.rows[slot]
    size = row["response_bytes"] if row["outcome"] == _OK else 0
    vertex = f.listeners[m.journeys["listener"][slot]]["vertex"]
    back = now + _client_travel(f, m, slot, vertex, size, ANSWERED)
    _release(f, m, m.journeys[slot]["route"], row["client_port"], back + f.time_wait, 0)
    return _finish(f, m, slot, back)


@part
def _finish(f: Fixed, m: Moving, slot: int, back: int) -> tuple[int, int]:
    """The request is over: its row goes out, its slot is free."""
    row = m.rows[slot]
    deadline = deadline_of(row["intended_ns"], f.clients[row["client"]]["timeout_ns"])
    row["outcome"], row["done_ns"] = ending(row["outcome"], back, deadline, f.end)
    m.out[m.counters[ROWS]] = m.rows[slot]
    m.counters[ROWS] += 1
    m.journeys[slot]["next"] = m.counters[FREE]
    m.counters[FREE] = slot
    m.counters[FINISHED] += 1
    return NONE, NONE


@part
def _close(f: Fixed, m: Moving, slot: int, at: int, state: int) -> None:
    """Let the connection's conntrack entry, if it has one, expire its time after then."""
    journey, table = m.journeys[slot], m.conntrack
    if journey["entry"] == 0:
        return
    if _datagram(f, m, slot):
        state = closing_of_datagrams(m.rows[slot]["node_ns"], at)
    close(
        table.keys, table.ends, table.loads, table.expiries, table.counters, table.live,
        table.servers, journey["via"], journey["entry"], at + f.timeouts[state], state,
    )  # fmt: skip


@part
def _travel(
    f: Fixed, m: Moving, slot: int, vertex: int, hops: int, size: int, legs: tuple[int, int]
) -> int:
    """How long these journeys of the connection to the Pod take, between sender and vertex."""
    sender = f.senders[m.journeys[slot]["sender"]]
    return travel(
        f.legs, f.core, f.table, sender["vertex"], m.journeys[slot]["via"], vertex,
        sender["local_hops"], hops, size, legs[0], legs[1], POD_CONNECTION,
        f.seed, m.rows[slot]["request"], 0,
    )  # fmt: skip


@part
def _client_travel(
    f: Fixed, m: Moving, slot: int, vertex: int, size: int, legs: tuple[int, int]
) -> int:
    """How long these journeys of the client's connection to a load balancer take."""
    client = m.rows[slot]["client"]
    return travel(
        f.legs, f.core, f.table, f.clients[client]["vertex"], vertex, vertex,
        f.clients[client]["local_hops"], 0, size, legs[0], legs[1], CLIENT_CONNECTION,
        f.seed, m.rows[slot]["request"], 0,
    )  # fmt: skip
