"""Parts of the compiled loop: packets that are lost on their way, and services that are cut short.

Whether a packet's way is cut is asked when it would be there. If it is, the packet is sent again as
Linux does, and comes so much later, or its sender gives up at last. All of it is asked only where
the cluster may change.
"""

from emu.engines.compiled.connection import answered, close_entry, release, silence
from emu.engines.compiled.journeys import client_trip, datagram
from emu.engines.compiled.layout import KILLED, NONE, TIMERS, WAIT_AGAIN, Fixed, Moving
from emu.engines.compiled.pause import Pause
from emu.engines.compiled.reply import reply
from emu.engines.compiled.schedule import schedule, ticket_at
from emu.engines.ending import NEVER, deadline_of
from emu.events import Kind
from emu.hops.conntrack import Closing
from emu.hops.network import CARRIED, is_cut
from emu.hops.pod import GONE
from emu.hops.sharing import pass_time
from emu.hops.tcp import COPIES, KEEPALIVE_NS, again_after, resend
from emu.hops.working_set import bursts
from emu.kernel import cold, kernel, part
from emu.recorder.rows import ABSENT, Outcome

_ANSWER, _CLIENT_ANSWER = int(Kind.ANSWER), int(Kind.CLIENT_ANSWER)
_LB_REQUEST, _POD_REQUEST = int(Kind.LB_REQUEST), int(Kind.POD_REQUEST)
_OUT_OF_MEMORY = int(Pause.OUT_OF_MEMORY)
_CLOSE = int(Closing.CLOSE)
_IN_FLIGHT, _RESET = int(Outcome.IN_FLIGHT), int(Outcome.RESET)
_CONNECT_TIMEOUT = int(Outcome.CONNECT_TIMEOUT)
_REQUEST_TIMEOUT, _GATEWAY_TIMEOUT = int(Outcome.REQUEST_TIMEOUT), int(Outcome.GATEWAY_TIMEOUT)
_COME_BACK = (
    int(Outcome.OK),
    int(Outcome.REFUSED),
    int(Outcome.RESET),
    int(Outcome.BACKLOG_FULL),
    int(Outcome.SHED),
)
"""The outcomes of which a packet tells the sender; of all others it knows by itself."""


@part
def syn_lost(f: Fixed, m: Moving, slot: int) -> bool:
    """Whether the way to the node that translates is cut."""
    sender = f.net.senders[m.journeys[slot]["sender"]]
    return is_cut(f.net.legs, f.net.core, sender["vertex"], m.journeys[slot]["via"])


@part
def lost_behind(f: Fixed, m: Moving, slot: int) -> bool:
    """Whether the way from the node that translates to the Pod is cut."""
    vertex = m.pods[m.rows[slot]["pod"]]["node"]
    return is_cut(f.net.legs, f.net.core, m.journeys[slot]["via"], vertex)


@part
def _severed(f: Fixed, m: Moving, slot: int) -> bool:
    """Whether the way of the connection that ends at the Pod, or at its node, is cut."""
    if syn_lost(f, m, slot):
        return True
    return m.rows[slot]["pod"] != ABSENT and lost_behind(f, m, slot)


@cold
def kept_from_pod(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """What follows in the place of a request's service: it is lost, or its connection leads to a
    process that has ended, or will have, for it is killed for its memory now. `NONE` if none of
    this is so."""
    row, fate = m.rows[slot], m.fates[slot]
    pod = row["pod"]
    if m.pods[pod]["app_port"] == GONE or _severed(f, m, slot):
        if datagram(f.datagrams, f.targets, m.journeys, slot):
            row["outcome"] = _REQUEST_TIMEOUT
            return silence(f, m, slot, now)
        return _again(f, m, slot, now, _POD_REQUEST)
    fate["copies"] = 0
    if fate["epoch"] == m.pods[pod]["epoch"]:
        if f.mortal and bursts(f.working_sets, m.pods, pod):
            m.counters[KILLED] = pod
            return WAIT_AGAIN, _OUT_OF_MEMORY
        return NONE, NONE
    row["pod_ns"], row["outcome"] = now, _RESET
    return reply(f, m, slot, now, 0, _CLOSE)


@cold
def kept_from_sender(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """What follows in the place of an answer that is lost; `NONE` if it is there."""
    row, journey = m.rows[slot], m.journeys[slot]
    if row["outcome"] not in _COME_BACK or (row["pod"] == ABSENT and row["node"] == ABSENT):
        return NONE, NONE
    if _severed(f, m, slot):
        return _again(f, m, slot, now, _ANSWER)
    m.fates[slot]["copies"] = 0
    if journey["listener"] != NONE:
        row["lb_response_ns"] = now
    return NONE, NONE


@part
def _again(f: Fixed, m: Moving, slot: int, now: int, kind: int) -> tuple[int, int]:
    """A segment is lost, and sent again; or who waits for an answer gives up."""
    row, fate = m.rows[slot], m.fates[slot]
    later = now + again_after(fate["copies"])
    fate["copies"] += 1
    at = min(later, patience_of(f, m, slot, now))
    given_up = fate["copies"] > COPIES or at < later
    if given_up:
        row["outcome"] = forsaken_by(m, slot)
    if kind == _ANSWER:
        if m.journeys[slot]["listener"] != NONE:
            row["lb_response_ns"] = at
    elif given_up:
        close_entry(f, m, slot, at, _CLOSE)
        return answered(f, m, slot, at, 0)
    return at, kind


@part
def patience_of(f: Fixed, m: Moving, slot: int, now: int) -> int:
    """Until when the sender waits for an answer that does not come; `NEVER` if nothing says so."""
    row, listener = m.rows[slot], m.journeys[slot]["listener"]
    if listener != NONE:
        return int(max(now, row["lb_ns"] + f.net.listeners[listener]["response_ns"]))
    its = f.net.clients[row["client"]]
    if its["watched"] != 0:
        return NEVER
    return int(max(now, deadline_of(row["intended_ns"], its["timeout_ns"])))


@part
def forsaken_by(m: Moving, slot: int) -> int:
    """The outcome where the sender has given up waiting for an answer."""
    return _REQUEST_TIMEOUT if m.journeys[slot]["listener"] == NONE else _GATEWAY_TIMEOUT


@cold
def kept_from_balancer(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """What follows where a request does not reach a load balancer; `NONE` if it is there."""
    row, journey = m.rows[slot], m.journeys[slot]
    vertex = f.net.listeners[journey["listener"]]["vertex"]
    if _is_early(m, slot, now):
        later = _with_opener(f, m, slot, vertex, now)
    elif is_cut(f.net.legs, f.net.core, f.net.clients[row["client"]]["vertex"], vertex):
        later = _to_balancer_again(f, m, slot, now)
    else:
        m.fates[slot]["copies"], row["lb_ns"] = 0, now
        return NONE, NONE
    row["lb_ns"] = later
    if row["outcome"] == _IN_FLIGHT:
        return later, _LB_REQUEST
    row["lb_ns"] = ABSENT
    if journey["connection"] == 0:
        release(m.ports, f.first_port, journey["route"], row["client_port"], later, 0)
    return later, _CLIENT_ANSWER


@part
def _is_early(m: Moving, slot: int, now: int) -> bool:
    """Whether a request joined a connection that came to be open later than it seemed then."""
    kept = m.journeys[slot]["connection"]
    joined = m.rows[slot]["new_connection"] == 0 and kept > 0
    return bool(joined and m.links[kept]["ready_ns"] > now)


@part
def _with_opener(f: Fixed, m: Moving, slot: int, vertex: int, now: int) -> int:
    """When it is there over its connection once that is open; it fails with it otherwise."""
    row, it = m.rows[slot], m.links[m.journeys[slot]["connection"]]
    if it["fails_ns"] < NEVER:
        row["outcome"] = it["outcome"]
        return int(max(now, it["fails_ns"]))
    carried = client_trip(f.net, m.rows, slot, vertex, row["request_bytes"], CARRIED)
    return int(it["ready_ns"] + carried)


@part
def _to_balancer_again(f: Fixed, m: Moving, slot: int, now: int) -> int:
    """A SYN is lost, or a segment: when it comes again, or when the client gives up."""
    row, kept = m.rows[slot], m.journeys[slot]["connection"]
    patience = f.net.clients[row["client"]]["patience_ns"]
    m.fates[slot]["copies"] += 1
    copies = int(m.fates[slot]["copies"])
    if row["new_connection"] == 0:
        if copies > COPIES:
            row["outcome"] = _REQUEST_TIMEOUT
        return int(now + again_after(copies - 1))
    later = now - resend(copies - 1, f.linear) + resend(copies, f.linear)
    if resend(copies, f.linear) >= patience:
        row["outcome"] = _CONNECT_TIMEOUT
        later = max(now, row["sent_ns"] + patience)
    if kept > 0:
        it = m.links[kept]
        it["ready_ns"] += later - now
        if row["outcome"] == _CONNECT_TIMEOUT:
            it["outcome"], it["fails_ns"] = _CONNECT_TIMEOUT, later
    return int(later)


@cold
def kept_from_client(f: Fixed, m: Moving, slot: int, now: int) -> bool:
    """Whether the answer of a load balancer is lost on its way; then it is sent again."""
    row, fate = m.rows[slot], m.fates[slot]
    if row["lb_ns"] == ABSENT or fate["copies"] > COPIES:
        return False
    vertex = f.net.listeners[m.journeys[slot]["listener"]]["vertex"]
    if not is_cut(f.net.legs, f.net.core, f.net.clients[row["client"]]["vertex"], vertex):
        return False
    later = now + again_after(fate["copies"])
    fate["copies"] += 1
    if fate["copies"] > COPIES:
        row["outcome"] = _REQUEST_TIMEOUT
    schedule(m.events, _CLIENT_ANSWER, later, ticket_at(m.rows, slot), slot)
    return True


@cold
def is_void(m: Moving, slot: int, ticket: int) -> bool:
    """Whether the end of a service is that of one which was cut short."""
    if m.fates[slot]["cut"] == 0 and ticket_at(m.rows, slot) == ticket:
        return False
    m.counters[TIMERS] -= 1
    return True


@kernel
def cut_short(f: Fixed, m: Moving, slot: int, told: bool, now: int) -> None:
    """End a request that waits or is served at a Pod: its sender is ``told`` by an RST, or is not,
    and waits for an answer in vain."""
    row = m.rows[slot]
    shared = m.pods[row["pod"]]["shared"] != 0
    begun = row["service_start_ns"] != ABSENT
    if begun and (not shared or m.jobs[slot]["awaited"] != 0):
        m.counters[TIMERS] += 1
    m.fates[slot]["cut"] = 1
    row["service_end_ns"] = now if begun and told else ABSENT
    if told:
        row["outcome"] = _RESET
        time, kind = reply(f, m, slot, now, 0, _CLOSE)
    else:
        row["outcome"] = forsaken_by(m, slot)
        at = min(patience_of(f, m, slot, now), now + KEEPALIVE_NS)
        close_entry(f, m, slot, at, _CLOSE)
        time, kind = answered(f, m, slot, at, 0)
    schedule(m.events, kind, time, ticket_at(m.rows, slot), slot)


@kernel
def emptied(m: Moving, pod: int, now: int) -> None:
    """No request is at the Pod any more, and its process is another from now on."""
    it = m.pods[pod]
    if it["shared"]:
        pass_time(m.pods, m.sharing, pod, now)
    it["busy"] = it["queued"] = 0
    it["epoch"] += 1
    m.backlogs[pod, 0] = m.backlogs[pod, 1] = m.firsts[pod] = NONE
