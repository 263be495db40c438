"""Parts of the compiled loop: a node translates connections, refuses them, or drops their SYNs."""

from emu.engines.compiled.connection import answered, close_entry, silence
from emu.engines.compiled.failing import lost_behind, syn_lost
from emu.engines.compiled.journeys import datagram, encrypted, travel, trip
from emu.engines.compiled.layout import NONE, NOW, WAIT_AGAIN, Fixed, Moving
from emu.engines.compiled.link import opens, pod_link
from emu.engines.compiled.pause import Pause
from emu.events import Kind
from emu.hops.conntrack import Closing, entry_of
from emu.hops.network import (
    CARRIED_VIA,
    DATAGRAM_ONWARD,
    ESTABLISHED,
    FIRST_PACKET,
    ONWARD,
    REFUSED,
    SHAKEN_ONWARD,
)
from emu.hops.node import Verdict, translate, tuple_prefix
from emu.hops.tcp import resend
from emu.kernel import cold, kernel, part
from emu.recorder.rows import Outcome

_ENLARGE = int(Pause.ENLARGE)
_NODE_SYN = int(Kind.NODE_SYN)
_POD_REQUEST = int(Kind.POD_REQUEST)
_CLOSE = int(Closing.CLOSE)
_DROP = int(Verdict.DROP)
_REJECT = int(Verdict.REJECT)
_NO_CONNTRACK = int(Verdict.NO_CONNTRACK)
_NO_SNAT_PORT = int(Verdict.NO_SNAT_PORT)
_UNREACHED = int(Verdict.UNREACHED)
_WANTS_ROOM = int(Verdict.ENLARGE)
_IN_FLIGHT = int(Outcome.IN_FLIGHT)
_REFUSED = int(Outcome.REFUSED)
_CONNECT_TIMEOUT = int(Outcome.CONNECT_TIMEOUT)
_NO_LOCAL_ENDPOINT = int(Outcome.DROPPED_NO_LOCAL_ENDPOINT)
_CONNTRACK_FULL = int(Outcome.CONNTRACK_FULL)
_SNAT_EXHAUSTED = int(Outcome.SNAT_EXHAUSTED)


@part
def open_connection(
    f: Fixed, m: Moving, slot: int, node: int, service: int, rule: int, now: int
) -> tuple[int, int]:
    """The sender's first SYN is on its way to the node that translates it."""
    row, journey = m.rows[slot], m.journeys[slot]
    row["node"], row["service"] = node, service
    journey["via"] = node
    journey["rule"] = rule
    if datagram(f.datagrams, f.targets, m.journeys, slot):
        return now + travel(
            f.net, m.rows, m.journeys, slot, node, 0, row["request_bytes"], CARRIED_VIA
        ), _NODE_SYN
    return now + travel(f.net, m.rows, m.journeys, slot, node, 0, 0, FIRST_PACKET), _NODE_SYN


@part
def node_syn(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The node's rules translate the connection, refuse it, or drop its SYN."""
    row, journey = m.rows[slot], m.journeys[slot]
    node, sender, table = journey["via"], f.net.senders[m.journeys[slot]["sender"]], m.conntrack
    if f.live:
        time, kind = _lost_or_again(f, m, slot, now)
        if time != NONE:
            return time, kind
    turn = int(journey["turn"]) if journey["listener"] == NONE else 0
    own_port = row["client_port"] if journey["listener"] == NONE else row["lb_port"]
    verdict, endpoint, nat_port, masqueraded = translate(
        f.rules, f.members, f.endpoints, m.affinity.kept, m.affinity.used,
        table.keys, table.ends, table.loads, table.expiries, table.counters, table.live,
        table.servers,
        f.mode, f.loads, f.evicts, journey["rule"], node,
        sender["number"] + turn, f.sources, sender["pod"], sender["address"] + turn,
        own_port, journey["before"], f.limits[node], now,
        f.net.seed, row["request"], (int(journey["retry"]) << 16) + row["attempt"],
    )  # fmt: skip
    if verdict == _WANTS_ROOM:
        return WAIT_AGAIN, _ENLARGE
    if verdict in (_DROP, _NO_CONNTRACK, _NO_SNAT_PORT):
        return _dropped(f, m, slot, verdict, now)
    row["outcome"], row["node_ns"] = _IN_FLIGHT, now
    now += f.rules[journey["rule"]]["cost_ns"]
    if verdict == _REJECT:
        return refused(f, m, slot, now, node, 0, REFUSED[0])
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


@cold
def _lost_or_again(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """What follows where the SYN does not come to the node, or was translated before, and lost
    behind it; `NONE` where it is there for the first time."""
    if syn_lost(f, m, slot):
        return _dropped(f, m, slot, _UNREACHED, now)
    if m.journeys[slot]["entry"] != 0:
        return _deliver(f, m, slot, now)
    return NONE, NONE


@kernel
def _dropped(f: Fixed, m: Moving, slot: int, verdict: int, now: int) -> tuple[int, int]:
    """The sender sends its SYN again, while it has patience."""
    row, journey = m.rows[slot], m.journeys[slot]
    row["outcome"] = _NO_LOCAL_ENDPOINT
    if verdict == _NO_CONNTRACK:
        row["outcome"] = _CONNTRACK_FULL
    elif verdict == _NO_SNAT_PORT:
        row["outcome"] = _SNAT_EXHAUSTED
    elif verdict == _UNREACHED:
        row["outcome"] = _CONNECT_TIMEOUT
    journey["retry"] += 1
    retry = int(journey["retry"])
    again = resend(retry, f.linear)
    given_up = again >= f.net.senders[m.journeys[slot]["sender"]]["patience_ns"]
    if given_up or datagram(f.datagrams, f.targets, m.journeys, slot):
        return silence(f, m, slot, now)
    return now - resend(retry - 1, f.linear) + again, _NODE_SYN


@kernel
def refused(
    f: Fixed, m: Moving, slot: int, start: int, vertex: int, hops: int, first: int
) -> tuple[int, int]:
    """Nobody listens there: an RST, or an ICMP message, answers the SYN.

    ``start`` is when the journey ``first``, a `Leg`, began; ``hops`` is 1 where it leads to a Pod.
    """
    row = m.rows[slot]
    row["outcome"] = _REFUSED
    if hops:
        row["pod_ns"] = start + travel(
            f.net, m.rows, m.journeys, slot, vertex, hops, 0, (first, ONWARD[1])
        )
    back = start + travel(f.net, m.rows, m.journeys, slot, vertex, hops, 0, (first, REFUSED[1]))
    close_entry(f, m, slot, back, _CLOSE)
    return answered(f, m, slot, back, 0)


@cold
def _is_lost_behind(f: Fixed, m: Moving, slot: int) -> bool:
    """Whether the way to the Pod that has the endpoint's address now is cut; else its process is
    the one that the connection leads to."""
    row = m.rows[slot]
    pod = row["pod"] = f.endpoints[row["endpoint"]]["pod"]
    if pod < 0:
        return False
    if lost_behind(f, m, slot):
        return True
    row["outcome"], m.fates[slot]["epoch"] = _IN_FLIGHT, m.pods[pod]["epoch"]
    return False


@part
def _deliver(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The translated connection goes on to the Pod, if there is one that listens."""
    row = m.rows[slot]
    if f.live and _is_lost_behind(f, m, slot):
        return _dropped(f, m, slot, _UNREACHED, m.counters[NOW])
    pod = row["pod"]
    if pod < 0:
        row["outcome"] = _CONNECT_TIMEOUT
        return silence(f, m, slot, now)
    vertex = m.pods[pod]["node"]
    if m.pods[pod]["app_port"] != f.endpoints[row["endpoint"]]["port"]:
        return refused(f, m, slot, now, vertex, 1, REFUSED[0])
    if f.encrypted:
        now += encrypted(f.net, m.rows, m.journeys, slot, vertex)
    if f.kept and pod_link(m.journeys, slot) > 0:
        ready = now + trip(f.net, m.rows, m.journeys, slot, vertex, 1, 0, SHAKEN_ONWARD)
        opens(m.links, m.pods, m.rows, m.journeys, m.counters, slot, ready)
    legs = DATAGRAM_ONWARD if datagram(f.datagrams, f.targets, m.journeys, slot) else ESTABLISHED
    return now + travel(
        f.net, m.rows, m.journeys, slot, vertex, 1, row["request_bytes"], legs
    ), _POD_REQUEST
