"""Parts of the compiled loop: a client sends its requests, and has its answers."""

from emu.engines.compiled.connection import answered, release, silence, take
from emu.engines.compiled.journeys import (
    client_encrypted,
    client_travel,
    client_trip,
    datagram,
    encrypted,
    travel,
    trip,
)
from emu.engines.compiled.layout import (
    BEGIN,
    BEGUN,
    CONNECT,
    FINISHED,
    FREE,
    LATER,
    LATER_NUMBER,
    LATER_PLACE,
    MANY,
    NONE,
    PENDING,
    PUSH_KIND,
    PUSH_SLOT,
    PUSH_TICKET,
    PUSH_TIME,
    ROWS,
    SENDING,
    SENT,
    TIMERS,
    WANTED,
    Fixed,
    Moving,
)
from emu.engines.compiled.link import opens, pod_link
from emu.engines.compiled.node import open_connection, refused
from emu.engines.ending import NEVER, deadline_of, ending
from emu.events import Kind
from emu.hops import dns
from emu.hops import ports as hosts
from emu.hops.classes import class_of
from emu.hops.network import ANSWERED, CARRIED, FIRST_PACKET, REACH, SHAKEN
from emu.hops.pod import GONE
from emu.hops.pool import next_number
from emu.kernel import cold, part
from emu.model.targets import TargetKind
from emu.recorder.rows import Outcome
from emu.workload import following, real_time

_ANSWER = int(Kind.ANSWER)
_CLIENT_ANSWER = int(Kind.CLIENT_ANSWER)
_CLIENT_CONNECT = int(Kind.CLIENT_CONNECT)
_CLIENT_SEND = int(Kind.CLIENT_SEND)
_LB_REQUEST = int(Kind.LB_REQUEST)
_POD_REQUEST = int(Kind.POD_REQUEST)
_LISTENER = int(TargetKind.LISTENER)
_SERVICE = int(TargetKind.SERVICE)
_POD = int(TargetKind.POD)
_CLOSED = int(TargetKind.CLOSED)
_OK = int(Outcome.OK)
_CONNECT_TIMEOUT = int(Outcome.CONNECT_TIMEOUT)
_DNS_FAILURE = int(Outcome.DNS_FAILURE)
_PORTS_EXHAUSTED = int(Outcome.PORTS_EXHAUSTED)


@part
def next_of_client(f: Fixed, m: Moving, client: int, previous: int) -> tuple[int, int]:
    """When the client means to send its next request, unless the run is over then."""
    request = m.numbers[client] * len(f.net.clients) + client
    if f.surging:
        previous = m.own_times[client]
    intended = following(
        f.net.clients[client]["arrivals"], m.arrivals, f.net.clients[client]["arrival_parameters"],
        f.net.seed, request, m.numbers[client], previous,
    )  # fmt: skip
    if f.surging:
        its, m.own_times[client] = f.net.clients[client], intended
        intended = real_time(f.surges, its["first_piece"], its["pieces"], intended)
    if intended >= f.end:
        m.counters[SENDING] -= 1
        if m.counters[SENDING] == 0 and f.end == NEVER:
            m.counters[WANTED] = m.counters[SENT] + m.counters[PENDING]
        return NONE, NONE
    return intended, _CLIENT_SEND


@part
def client_send(f: Fixed, m: Moving, client: int, ticket: int, now: int) -> tuple[int, int]:
    """A new request is under way; in an open loop, the client's next one follows."""
    counters, its = m.counters, f.net.clients[client]
    if its["users"] > 0:
        counters[TIMERS] -= 1
    if counters[BEGUN] == f.requests:
        return NONE, NONE
    counters[BEGUN] += 1
    if f.aside and its["watched"] != 0:
        counters[LATER], counters[LATER_PLACE] = BEGIN, client
        counters[LATER_NUMBER] = ticket >> 8
        counters[PENDING] += 1  # it is sent when this event has been handled
        if its["users"] > 0:
            return NONE, NONE
    else:
        request = m.numbers[client] * len(f.net.clients) + client
        slot = new_attempt(f, m, client, request, 0, now, now)
        time, kind = set_out(f, m, slot, client, now)
        counters[PUSH_TIME], counters[PUSH_KIND] = time, kind
        counters[PUSH_TICKET], counters[PUSH_SLOT] = ticket, slot
    m.numbers[client] += 1
    return next_of_client(f, m, client, now)


@part
def new_attempt(
    f: Fixed, m: Moving, client: int, request: int, attempt: int, intended: int, now: int
) -> int:
    """The slot of an attempt that is under way from now on."""
    counters, its = m.counters, f.net.clients[client]
    counters[SENT] += 1
    slot = counters[FREE]
    counters[FREE] = m.journeys[slot]["next"]
    m.rows[slot] = m.blank[0]
    row, journey = m.rows[slot], m.journeys[slot]
    row["request"], row["attempt"] = request, attempt
    row["client"] = client
    row["request_class"] = class_of(
        f.classes, its["first_class"], its["classes"], f.net.seed, request
    )
    row["request_bytes"] = f.classes[row["request_class"]]["request_bytes"]
    journey["listener"], journey["entry"], journey["retry"] = NONE, 0, 0
    journey["connection"] = journey["upstream"] = 0
    if f.live:
        m.fates[slot]["cut"] = m.fates[slot]["copies"] = 0
    journey["backend"] = 0  # for who looks ahead before one is picked: the slot may have another's
    row["intended_ns"], row["sent_ns"] = intended, now
    if its["watched"] != 0:
        journey["turn"] = request // len(f.net.clients) % its["sources"]
    else:
        turn = journey["turn"] = m.turns[client]
        m.turns[client] = turn + 1 if turn + 1 < its["sources"] else 0
    return int(slot)


@part
def set_out(f: Fixed, m: Moving, slot: int, client: int, now: int) -> tuple[int, int]:
    """Resolve the name, and connect to what stands behind the address."""
    row, journey, clients = m.rows[slot], m.journeys[slot], f.net.clients
    address, targets = 0, clients[client]["targets"]
    if clients[client]["resolves"]:
        row["sent_ns"] += dns.resolve(
            m.dns, f.resolver, client, now, max(targets, 1), f.net.table,
            f.net.seed, row["request"], row["attempt"],
        )  # fmt: skip
        address = m.dns[client]["address"]
    sent, sources = row["sent_ns"], clients[client]["sources"]
    turn = journey["turn"]
    if targets == 0 or address < 0:
        row["outcome"] = _DNS_FAILURE
        return sent, _ANSWER
    journey["sender"] = client
    target = journey["target"] = clients[client]["first_target"] + address
    journey["route"] = f.targets[target]["route"] + turn
    if f.kept and f.targets[target]["pool"] != 0:
        if sent > now:
            return sent, _CLIENT_CONNECT
        m.counters[LATER], m.counters[LATER_PLACE] = CONNECT, slot
        return NONE, NONE
    place, before = take(m.ports, journey["route"], f.ports, f.port_rest, sent)
    if len(m.rows) > MANY:
        _fetch_routes(f, m, f.targets[target]["route"], turn, sources)
    if place == hosts.EXHAUSTED:
        row["outcome"] = _PORTS_EXHAUSTED
        return sent, _ANSWER
    row["client_port"] = f.first_port + place
    row["connection"], row["new_connection"] = next_number(m.pools.room), 1
    journey["before"] = before
    return open_to_target(f, m, slot, sent)


@part
def open_to_target(f: Fixed, m: Moving, slot: int, sent: int) -> tuple[int, int]:
    """Open a connection to the target."""
    row, journey = m.rows[slot], m.journeys[slot]
    client, target = row["client"], journey["target"]
    kind, vertex = f.targets[target]["kind"], f.targets[target]["vertex"]
    if kind == _LISTENER:
        meet_listener(f, m, slot)
        if f.encrypted:
            sent += client_encrypted(f.net, m.rows, slot, vertex)
        if f.kept and journey["connection"] != 0:
            ready = sent + client_trip(f.net, m.rows, slot, vertex, 0, SHAKEN)
            m.links[journey["connection"]]["ready_ns"] = ready
        row["lb_ns"] = sent + client_travel(
            f.net, m.rows, slot, vertex, row["request_bytes"], REACH
        )
        return row["lb_ns"], _LB_REQUEST
    if kind == _SERVICE:
        node, service = f.targets[target]["node"], f.targets[target]["service"]
        return open_connection(f, m, slot, node, service, f.targets[target]["rule"], sent)
    if kind == _POD:
        return to_pod(f, m, slot, f.targets[target]["pod"], f.targets[target]["port"], sent)
    if kind == _CLOSED:
        journey["via"] = vertex
        return refused(f, m, slot, sent, vertex, 0, FIRST_PACKET[0])
    row["outcome"] = _CONNECT_TIMEOUT
    return answered(f, m, slot, sent + f.net.clients[client]["patience_ns"], 0)


@part
def meet_listener(f: Fixed, m: Moving, slot: int) -> None:
    """The request goes to the listener that its target is."""
    journey = m.journeys[slot]
    listener = journey["listener"] = f.targets[journey["target"]]["listener"]
    journey["sender"] = len(f.net.clients) + listener
    m.rows[slot]["load_balancer"] = f.net.listeners[listener]["load_balancer"]


@part
def _fetch_routes(f: Fixed, m: Moving, first: int, turn: int, sources: int) -> None:
    """Let the ports be at hand that the client's next requests will take."""
    following = turn + 1 if turn + 1 < sources else 0
    after = following + 1 if following + 1 < sources else 0
    hosts.fetch_next(m.ports.routes, m.ports.resting, first + following, first + after)


@part
def to_pod(f: Fixed, m: Moving, slot: int, pod: int, port: int, sent: int) -> tuple[int, int]:
    """Straight to a Pod's own address, translated by nobody."""
    row = m.rows[slot]
    vertex = m.pods[pod]["node"]
    row["pod"] = pod
    m.journeys[slot]["via"] = vertex
    if f.live:
        time, kind = _to_nobody(f, m, slot, pod, sent)
        if time != NONE:
            return time, kind
    if port != m.pods[pod]["app_port"]:
        return refused(f, m, slot, sent, vertex, 1, FIRST_PACKET[0])
    if f.encrypted:
        sent += encrypted(f.net, m.rows, m.journeys, slot, vertex)
    if f.kept and pod_link(m.journeys, slot) > 0:
        ready = sent + trip(f.net, m.rows, m.journeys, slot, vertex, 1, 0, SHAKEN)
        opens(m.links, m.pods, m.rows, m.journeys, m.counters, slot, ready)
    legs = CARRIED if datagram(f.datagrams, f.targets, m.journeys, slot) else REACH
    return sent + travel(
        f.net, m.rows, m.journeys, slot, vertex, 1, row["request_bytes"], legs
    ), _POD_REQUEST


@cold
def _to_nobody(f: Fixed, m: Moving, slot: int, pod: int, sent: int) -> tuple[int, int]:
    """What follows where a Pod's address is gone; else `NONE`, and the connection leads to its
    process."""
    m.fates[slot]["epoch"] = m.pods[pod]["epoch"]
    if m.pods[pod]["app_port"] != GONE:
        return NONE, NONE
    m.rows[slot]["outcome"] = _CONNECT_TIMEOUT
    return silence(f, m, slot, sent)


@part
def back_to_client(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The answer goes from the load balancer to the client."""
    row = m.rows[slot]
    size = row["response_bytes"] if row["outcome"] == _OK else 0
    vertex = f.net.listeners[m.journeys["listener"][slot]]["vertex"]
    back = now + client_travel(f.net, m.rows, slot, vertex, size, ANSWERED)
    if m.journeys[slot]["connection"] == 0:
        free, route = back + f.time_wait, m.journeys[slot]["route"]
        release(m.ports, f.first_port, route, row["client_port"], free, 0)
    if f.live or (f.aside and f.net.clients[row["client"]]["watched"] != 0):
        return back, _CLIENT_ANSWER
    return finish(f, m, slot, back)


@part
def finish(f: Fixed, m: Moving, slot: int, back: int) -> tuple[int, int]:
    """The request is over: its row goes out, its slot is free."""
    row = m.rows[slot]
    deadline = deadline_of(row["intended_ns"], f.net.clients[row["client"]]["timeout_ns"])
    row["outcome"], row["done_ns"] = ending(row["outcome"], back, deadline, f.end)
    hand_out(m, slot)
    return NONE, NONE


@part
def hand_out(m: Moving, slot: int) -> None:
    """A row that is complete goes out, and its slot is free."""
    m.out[m.counters[ROWS]] = m.rows[slot]
    m.rows[slot]["request"] = NONE  # so that a timer finds no request there
    m.counters[ROWS] += 1
    m.journeys[slot]["next"] = m.counters[FREE]
    m.counters[FREE] = slot
    m.counters[FINISHED] += 1
