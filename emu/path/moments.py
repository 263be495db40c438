"""Moments on an attempt's way that its row does not have, drawn again from the same keys."""

from typing import NamedTuple

from emu.hops.network import POD_CONNECTION, Leg, travel
from emu.model.targets import TargetKind
from emu.path.attempt import Attempt
from emu.recorder.rows import ABSENT, Outcome


class _Way(NamedTuple):
    """The first arguments of `travel` behind the network: vertices, local hops, and size."""

    source: int
    via: int
    destination: int
    source_hops: int = 0
    destination_hops: int = 0
    size: int = 0


def _later(start: int, attempt: Attempt, way: _Way, leg: Leg) -> int:
    """A start and one journey; ABSENT where it never started."""
    if start == ABSENT:
        return ABSENT
    row, model = attempt.row, attempt.model
    draw = (model.seed, int(row["request"]), int(row["attempt"]))
    return int(start) + int(travel(*model.network, *way, int(leg), int(leg), POD_CONNECTION, *draw))


def first_packet(attempt: Attempt, vertex: int) -> int:
    """When the sender's first SYN is at the host at this vertex."""
    row, model = attempt.row, attempt.model
    if attempt.kind == TargetKind.LISTENER:
        origin = model.listeners[attempt.target["listener"]].vertex
        return _later(row["lb_ns"], attempt, _Way(origin, vertex, vertex), Leg.SYN)
    client = model.clients[row["client"]]
    way = _Way(client["vertex"], vertex, vertex, client["local_hops"])
    return _later(row["sent_ns"], attempt, way, Leg.SYN)


def at_pods_node(attempt: Attempt) -> int:
    """When what comes to the Pod is at its node: a local hop before it is in the Pod."""
    if attempt.row["pod_ns"] == ABSENT:
        return ABSENT
    leg = Leg.REQUEST_ONWARD if attempt.listened_to else Leg.SYN_ONWARD
    return 2 * int(attempt.row["pod_ns"]) - _later(
        attempt.row["pod_ns"], attempt, _inside(attempt), leg
    )


def answered(attempt: Attempt) -> int:
    """When the answer or the refusal leaves the Pod; ABSENT where none did."""
    if attempt.outcome in (Outcome.REFUSED, Outcome.BACKLOG_FULL):
        return int(attempt.row["pod_ns"])
    return int(attempt.row["service_end_ns"]) if attempt.served else ABSENT


def answer_at_pods_node(attempt: Attempt) -> int:
    """When the answer or the refusal is at the Pod's node."""
    return _later(answered(attempt), attempt, _inside(attempt), _answering(attempt))


def answer_at_node(attempt: Attempt) -> int:
    """When the answer or the refusal is back at the node that translates it."""
    node, size = attempt.row["node"], max(attempt.row["response_bytes"], 0)
    way = _Way(node, node, attempt.pod_vertex, 0, 1, size)
    return _later(answered(attempt), attempt, way, _answering(attempt))


def _inside(attempt: Attempt) -> _Way:
    """Between the Pod and its node."""
    vertex = attempt.pod_vertex
    return _Way(vertex, vertex, vertex, 0, 1)


def _answering(attempt: Attempt) -> Leg:
    return Leg.RESPONSE if attempt.listened_to else Leg.SYN_ACK
