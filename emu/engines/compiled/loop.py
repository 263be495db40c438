"""The compiled loop: the same events as the process engine's, from a heap.

Each event is handled by one kernel below, named as in `emu.events.Kind`; it asks the kernels of
`emu.hops` and returns the time and kind of what follows for the same request, or `NONE`. An event
of another request or client that follows is left in ``counters`` and pushed by the loop.
"""

from enum import IntEnum
from typing import Final

from emu.distributions import sample
from emu.engines.compiled.heap import RANK, SLOT, TIME, pop, push, replace
from emu.engines.compiled.layout import (
    CHUNK,
    EVENTS,
    FINISHED,
    FREE,
    HAPPENED,
    NONE,
    NOW,
    PUSH_RANK,
    PUSH_SLOT,
    PUSH_TIME,
    ROWS,
    SENT,
    Fixed,
    Moving,
)  # fmt: skip
from emu.engines.ending import deadline_of, ending
from emu.events import GLUE_PRIORITIES, Kind, priority
from emu.hops import dns
from emu.hops.balancer import pick
from emu.hops.conntrack import TIMEOUTS_NS, Closing, close
from emu.hops.network import (
    ANSWERED,
    CLIENT_CONNECTION,
    ESTABLISHED,
    FIRST_PACKET,
    ONWARD,
    POD_CONNECTION,
    REACH,
    REFUSED,
    travel,
)  # fmt: skip
from emu.hops.node import Entry, Source, Verdict, rule_number, seen_as, translate, tuple_prefix
from emu.hops.pod import Admission, arrive, leave
from emu.hops.ports import ephemeral
from emu.hops.tcp import PATIENCE_NS, resend
from emu.kernel import kernel, part
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
    REHASH = 3
    """The conntrack tables need room."""
    FINISHED = 4
    """As many requests as were to be sent are finished."""


_DUE, _ROWS, _SLOTS, _REHASH, _FINISHED = (int(pause) for pause in Pause)
_SERVICE_END, _ANSWER, _CLIENT_SEND, _LB_REQUEST, _NODE_SYN, _POD_REQUEST = (int(k) for k in Kind)
_LISTENER, _SERVICE, _POD, _CLOSED, _ = (int(kind) for kind in TargetKind)
_SERVED, _QUEUED, _ = (int(admission) for admission in Admission)
_TIME_WAIT, _CLOSE = (int(closing) for closing in Closing)
_DROP, _REJECT = int(Verdict.DROP), int(Verdict.REJECT)
_NO_CONNTRACK, _NO_SNAT_PORT = int(Verdict.NO_CONNTRACK), int(Verdict.NO_SNAT_PORT)
_TRANSLATION_WANTS_ROOM = int(Verdict.REHASH)
_NODE_PORT, _OUTSIDE = int(Entry.NODE_PORT), int(Source.OUTSIDE)

_OK, _IN_FLIGHT, _REFUSED = int(Outcome.OK), int(Outcome.IN_FLIGHT), int(Outcome.REFUSED)
_BACKLOG_FULL, _BAD_GATEWAY = int(Outcome.BACKLOG_FULL), int(Outcome.BAD_GATEWAY)
_CONNECT_TIMEOUT, _DNS_FAILURE = int(Outcome.CONNECT_TIMEOUT), int(Outcome.DNS_FAILURE)
_NO_LOCAL_ENDPOINT = int(Outcome.DROPPED_NO_LOCAL_ENDPOINT)
_CONNTRACK_FULL, _SNAT_EXHAUSTED = int(Outcome.CONNTRACK_FULL), int(Outcome.SNAT_EXHAUSTED)

_FIRST_PACKET_TO_ONWARD: Final = (FIRST_PACKET[0], ONWARD[1])
_FIRST_PACKET_TO_REFUSED: Final = (FIRST_PACKET[0], REFUSED[1])
_WAIT_AGAIN: Final = -2


@kernel
def advance(f: Fixed, m: Moving, until: int) -> int:
    """Handle the events before ``until``, as far as there is room; why it stopped: a `Pause`."""
    counters, heap = m.counters, m.heap
    while counters[EVENTS] > 0 and heap[0, TIME] < until:
        if counters[ROWS] == CHUNK:
            return _ROWS
        now, rank, slot = heap[0, TIME], heap[0, RANK], heap[0, SLOT]
        kind = (rank - GLUE_PRIORITIES) >> 40
        if kind == _CLIENT_SEND and counters[FREE] >= len(m.rows):
            return _SLOTS
        counters[NOW], counters[PUSH_TIME] = now, NONE
        time, then = _happen(f, m, kind, slot, now)
        if time == _WAIT_AGAIN:
            return _REHASH
        counters[HAPPENED] += 1
        if time != NONE:
            replace(heap, counters[EVENTS], time, priority(then, _whose(f, m, kind, slot)), slot)
        else:
            counters[EVENTS] = pop(heap, counters[EVENTS])
        if counters[PUSH_TIME] != NONE:
            counters[EVENTS] = push(
                heap, counters[EVENTS],
                counters[PUSH_TIME], counters[PUSH_RANK], counters[PUSH_SLOT],
            )  # fmt: skip
        if counters[FINISHED] == f.requests:
            return _FINISHED
    return _DUE


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
    return int(m.rows["request"][slot])


@kernel
def start(f: Fixed, m: Moving) -> None:
    """Put each client's first event on the heap."""
    for client in range(len(f.clients)):
        time, then = _next_of_client(f, m, client, 0)
        if time != NONE:
            rank = priority(then, client)
            m.counters[EVENTS] = push(m.heap, m.counters[EVENTS], time, rank, client)


@part
def _next_of_client(f: Fixed, m: Moving, client: int, previous: int) -> tuple[int, int]:
    """When the client means to send its next request, unless the run is over then."""
    request = m.numbers[client] * len(f.clients) + client
    intended = following(
        f.clients["arrivals"][client], f.arrivals, f.clients["arrival_parameters"][client],
        f.seed, request, m.numbers[client], previous,
    )  # fmt: skip
    if intended >= f.end:
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
    counters[FREE] = m.journeys["next"][slot]
    m.rows[slot] = m.blank[0]
    row, journey = m.rows[slot], m.journeys[slot]
    request = m.numbers[client] * len(clients) + client
    row["request"] = row["connection"] = request
    row["client"] = client
    row["request_bytes"] = clients["request_bytes"][client]
    number = clients["source_number"][client]
    row["client_port"] = ephemeral(m.connections[number])
    m.connections[number] += 1
    journey["listener"], journey["prefix"], journey["retry"] = NONE, 0, 0
    journey["vertex"], journey["number"] = clients["vertex"][client], number
    journey["local_hops"] = clients["local_hops"][client]
    journey["source"], journey["source_pod"] = clients["source"][client], clients["pod"][client]
    journey["port"], journey["patience_ns"] = row["client_port"], PATIENCE_NS
    row["intended_ns"] = row["sent_ns"] = now
    time, kind = _set_out(f, m, slot, client, now)
    counters[PUSH_TIME], counters[PUSH_RANK] = time, priority(kind, request)
    counters[PUSH_SLOT] = slot
    m.numbers[client] += 1
    return _next_of_client(f, m, client, now)


@part
def _set_out(f: Fixed, m: Moving, slot: int, client: int, now: int) -> tuple[int, int]:
    """Resolve the name, and connect to what stands behind the address."""
    row, journey, clients = m.rows[slot], m.journeys[slot], f.clients
    address, targets = 0, clients["targets"][client]
    if clients["resolves"][client]:
        row["sent_ns"] += dns.resolve(
            m.dns, client, now, max(targets, 1), f.table, f.resolver_latency, f.resolver_ttl,
            f.seed, row["request"], 0,
        )  # fmt: skip
        address = m.dns["address"][client]
    sent = row["sent_ns"]
    if targets == 0:
        row["outcome"] = _DNS_FAILURE
        return sent, _ANSWER
    target = clients["first_target"][client] + address
    kind, vertex = f.targets["kind"][target], f.targets["vertex"][target]
    if kind == _LISTENER:
        journey["listener"] = f.targets["listener"][target]
        row["load_balancer"] = f.listeners["load_balancer"][journey["listener"]]
        row["lb_ns"] = sent + _client_travel(f, m, slot, vertex, row["request_bytes"], REACH)
        return row["lb_ns"], _LB_REQUEST
    if kind == _SERVICE:
        node, service = f.targets["node"][target], f.targets["service"][target]
        return _open(f, m, slot, node, service, f.targets["entry"][target], sent)
    if kind == _POD:
        return _to_pod(f, m, slot, target, sent)
    if kind == _CLOSED:
        row["outcome"] = _REFUSED
        journey["via"] = vertex
        return sent + _travel(f, m, slot, vertex, 0, 0, _FIRST_PACKET_TO_REFUSED), _ANSWER
    row["outcome"] = _CONNECT_TIMEOUT
    return sent + journey["patience_ns"], _ANSWER


@part
def _to_pod(f: Fixed, m: Moving, slot: int, target: int, sent: int) -> tuple[int, int]:
    """Straight to a Pod's own address, translated by nobody."""
    row, pod = m.rows[slot], f.targets["pod"][target]
    vertex = m.pods["node"][pod]
    row["pod"] = pod
    m.journeys["via"][slot] = vertex
    if f.targets["port"][target] != m.pods["app_port"][pod]:
        row["pod_ns"] = sent + _travel(f, m, slot, vertex, 1, 0, _FIRST_PACKET_TO_ONWARD)
        row["outcome"] = _REFUSED
        return sent + _travel(f, m, slot, vertex, 1, 0, _FIRST_PACKET_TO_REFUSED), _ANSWER
    there = sent + _travel(f, m, slot, vertex, 1, 0, FIRST_PACKET)
    size = row["request_bytes"]
    return there + _travel(f, m, slot, vertex, 1, size, ESTABLISHED), _POD_REQUEST


@part
def _lb_request(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The strategy picks a backend, and the balancer opens a connection to it."""
    row, journey = m.rows[slot], m.journeys[slot]
    listener = journey["listener"]
    first = f.listeners["first_backend"][listener]
    backend = pick(
        f.listeners["strategy"][listener],
        m.backends[first : f.listeners["end_backend"][listener]],
        m.memory[f.listeners["first_memory"][listener] : f.listeners["end_memory"][listener]],
        f.seed, row["request"], 0,
    )  # fmt: skip
    if backend < 0:
        row["outcome"] = _BAD_GATEWAY
        row["lb_response_ns"] = now
        return _back_to_client(f, m, slot, now)
    journey["backend"] = first + backend
    m.backends["in_flight"][first + backend] += 1
    vertex = f.listeners["vertex"][listener]
    row["lb_port"] = ephemeral(m.connections[vertex])
    m.connections[vertex] += 1
    journey["vertex"] = journey["number"] = vertex
    journey["local_hops"], journey["source"], journey["source_pod"] = 0, _OUTSIDE, -1
    journey["port"] = row["lb_port"]
    journey["patience_ns"] = f.listeners["connect_timeout_ns"][listener]
    node, service = m.backends["node"][first + backend], f.listeners["service"][listener]
    return _open(f, m, slot, node, service, _NODE_PORT, now)


@part
def _open(
    f: Fixed, m: Moving, slot: int, node: int, service: int, entry: int, now: int
) -> tuple[int, int]:
    """The sender's first SYN is on its way to the node that translates it."""
    row, journey = m.rows[slot], m.journeys[slot]
    row["node"], row["service"] = node, service
    journey["via"], journey["start_ns"] = node, now
    source = seen_as(journey["source"], journey["vertex"], node)
    journey["rule"] = rule_number(f.services, node, service, entry, source)
    journey["first_syn_ns"] = now + _travel(f, m, slot, node, 0, 0, FIRST_PACKET)
    return journey["first_syn_ns"], _NODE_SYN


@part
def _node_syn(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The node's rules translate the connection, refuse it, or drop its SYN."""
    row, journey = m.rows[slot], m.journeys[slot]
    node = journey["via"]
    verdict, endpoint, nat_port, masqueraded = translate(
        f.rules, f.members, f.endpoints, m.slots, m.expiries, m.tracked, m.live,
        f.mode, journey["rule"], node, journey["number"], f.sources, journey["source_pod"],
        journey["port"], f.limits[node], now,
        f.seed, row["request"], journey["retry"] << 16,
    )  # fmt: skip
    if verdict == _TRANSLATION_WANTS_ROOM:
        return _WAIT_AGAIN, NONE
    if verdict == _DROP:
        return _dropped(m, slot, _NO_LOCAL_ENDPOINT, now)
    if verdict == _NO_CONNTRACK:
        return _dropped(m, slot, _CONNTRACK_FULL, now)
    if verdict == _NO_SNAT_PORT:
        return _dropped(m, slot, _SNAT_EXHAUSTED, now)
    row["outcome"], row["node_ns"] = _IN_FLIGHT, now
    if verdict == _REJECT:
        row["outcome"] = _REFUSED
        return _answered(m, slot, now + _travel(f, m, slot, node, 0, 0, REFUSED))
    row["endpoint"] = endpoint
    row["pod"] = f.endpoints["pod"][endpoint]
    if masqueraded:
        row["masquerade_port"] = nat_port
    source = node if masqueraded else journey["number"]
    journey["prefix"] = tuple_prefix(node, source, endpoint, f.sources, len(f.endpoints))
    journey["nat_port"] = nat_port
    return _deliver(f, m, slot, now)


@part
def _dropped(m: Moving, slot: int, outcome: int, now: int) -> tuple[int, int]:
    """The sender sends its SYN again, while it has patience."""
    row, journey = m.rows[slot], m.journeys[slot]
    row["outcome"] = outcome
    journey["retry"] += 1
    if resend(journey["retry"]) >= journey["patience_ns"]:
        return _answered(m, slot, max(now, journey["start_ns"] + journey["patience_ns"]))
    return journey["first_syn_ns"] + resend(journey["retry"]), _NODE_SYN


@part
def _deliver(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The translated connection goes on to the Pod, if there is one that listens."""
    row, journey = m.rows[slot], m.journeys[slot]
    pod = row["pod"]
    if pod < 0:
        row["outcome"] = _CONNECT_TIMEOUT
        back = max(now, journey["start_ns"] + journey["patience_ns"])
        _close(m, slot, back, _TIME_WAIT)
        return _answered(m, slot, back)
    vertex = m.pods["node"][pod]
    if m.pods["app_port"][pod] != f.endpoints["port"][row["endpoint"]]:
        row["outcome"] = _REFUSED
        row["pod_ns"] = now + _travel(f, m, slot, vertex, 1, 0, ONWARD)
        back = now + _travel(f, m, slot, vertex, 1, 0, REFUSED)
        _close(m, slot, back, _CLOSE)
        return _answered(m, slot, back)
    return now + _travel(f, m, slot, vertex, 1, row["request_bytes"], ESTABLISHED), _POD_REQUEST


@part
def _pod_request(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The Pod serves the request, lets it wait, or refuses it."""
    row, journey = m.rows[slot], m.journeys[slot]
    pod = row["pod"]
    row["pod_ns"], row["queue_length"] = now, m.pods["queued"][pod]
    admission = arrive(m.pods, pod)
    if admission == _SERVED:
        return _serve(f, m, slot, pod, now), _SERVICE_END
    if admission == _QUEUED:
        journey["next"] = NONE
        last = m.queues[pod, 1]
        if last == NONE:
            m.queues[pod, 0] = slot
        else:
            m.journeys["next"][last] = slot
        m.queues[pod, 1] = slot
        return NONE, NONE
    row["outcome"] = _BACKLOG_FULL
    back = now + _travel(f, m, slot, m.pods["node"][pod], 1, 0, ANSWERED)
    _close(m, slot, back, _CLOSE)
    return _answered(m, slot, back)


@part
def _serve(f: Fixed, m: Moving, slot: int, pod: int, now: int) -> int:
    """A worker turns to the request; when it is done."""
    row = m.rows[slot]
    end = now + sample(f.table, m.pods["service_time"][pod], f.seed, SERVICE, row["request"], 0)
    row["service_start_ns"], row["service_end_ns"] = now, end
    return end


@part
def _service_end(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The answer is on its way; the first in the backlog is served next."""
    row = m.rows[slot]
    pod = row["pod"]
    if leave(m.pods, pod):
        first = m.queues[pod, 0]
        m.queues[pod, 0] = m.journeys["next"][first]
        if m.queues[pod, 0] == NONE:
            m.queues[pod, 1] = NONE
        m.counters[PUSH_TIME] = _serve(f, m, first, pod, now)
        m.counters[PUSH_RANK] = priority(_SERVICE_END, m.rows["request"][first])
        m.counters[PUSH_SLOT] = first
    row["outcome"] = _OK
    size = row["response_bytes"] = f.clients["response_bytes"][row["client"]]
    back = now + _travel(f, m, slot, m.pods["node"][pod], 1, size, ANSWERED)
    _close(m, slot, back, _TIME_WAIT)
    return _answered(m, slot, back)


@part
def _answered(m: Moving, slot: int, back: int) -> tuple[int, int]:
    """The sender of the connection to the Pod has its answer then, or has given up."""
    if m.journeys["listener"][slot] != NONE:
        m.rows["lb_response_ns"][slot] = back
    return back, _ANSWER


@part
def _answer(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """A balancer passes the answer on; a client that is itself the sender has it."""
    if m.journeys["listener"][slot] == NONE:
        return _finish(f, m, slot, now)
    m.backends["in_flight"][m.journeys["backend"][slot]] -= 1
    return _back_to_client(f, m, slot, now)


@part
def _back_to_client(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The answer goes from the load balancer to the client."""
    row = m.rows[slot]
    size = row["response_bytes"] if row["outcome"] == _OK else 0
    vertex = f.listeners["vertex"][m.journeys["listener"][slot]]
    return _finish(f, m, slot, now + _client_travel(f, m, slot, vertex, size, ANSWERED))


@part
def _finish(f: Fixed, m: Moving, slot: int, back: int) -> tuple[int, int]:
    """The request is over: its row goes out, its slot is free."""
    row = m.rows[slot]
    deadline = deadline_of(row["intended_ns"], f.clients["timeout_ns"][row["client"]])
    row["outcome"], row["done_ns"] = ending(row["outcome"], back, deadline, f.end)
    m.out[m.counters[ROWS]] = m.rows[slot]
    m.counters[ROWS] += 1
    m.journeys["next"][slot] = m.counters[FREE]
    m.counters[FREE] = slot
    m.counters[FINISHED] += 1
    return NONE, NONE


@part
def _close(m: Moving, slot: int, at: int, state: int) -> None:
    """Let the connection's conntrack entry, if it has one, expire its time after then."""
    journey = m.journeys[slot]
    if journey["prefix"] > 0:
        close(
            m.slots, m.expiries, m.tracked, journey["via"], journey["prefix"],
            journey["nat_port"], m.counters[NOW], at + TIMEOUTS_NS[state], state,
        )  # fmt: skip


@part
def _travel(
    f: Fixed, m: Moving, slot: int, vertex: int, hops: int, size: int, legs: tuple[int, int]
) -> int:
    """How long these journeys of the connection to the Pod take, between sender and vertex."""
    journey = m.journeys[slot]
    return travel(
        f.legs, f.core, f.table, journey["vertex"], journey["via"], vertex,
        journey["local_hops"], hops, size, legs[0], legs[1], POD_CONNECTION,
        f.seed, m.rows["request"][slot], 0,
    )  # fmt: skip


@part
def _client_travel(
    f: Fixed, m: Moving, slot: int, vertex: int, size: int, legs: tuple[int, int]
) -> int:
    """How long these journeys of the client's connection to a load balancer take."""
    client = m.rows["client"][slot]
    return travel(
        f.legs, f.core, f.table, f.clients["vertex"][client], vertex, vertex,
        f.clients["local_hops"][client], 0, size, legs[0], legs[1], CLIENT_CONNECTION,
        f.seed, m.rows["request"][slot], 0,
    )  # fmt: skip
