"""The path on the wire: one row for each interface that a request's packets pass, both ways."""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from emu.model import Model
from emu.model.targets import TargetKind
from emu.path import moments, rules
from emu.path.attempt import Address, Attempt, goes_somewhere
from emu.recorder.rows import ABSENT, Outcome

FORWARD, BACK = "forward", "back"

NETWORK, PODS = "eth0", "veth"
"""A node's interfaces: the one to the network, and the ones to its own Pods."""


class WireStep(NamedTuple):
    """One packet at one interface.

    ``at_ns`` is simulated time: on the way forward that of the first packet at the translating
    node and of the request elsewhere. ``place`` is a client, load balancer or Pod, which have one
    interface, or a node with its interface: ``node-1 eth0`` to the network, ``node-1 veth`` to a
    Pod on it. ``what`` names the rule or table that made the packet what it is there; several
    stand in their order, with ``; `` between them.
    """

    at_ns: int
    direction: str
    place: str
    src: str
    src_port: int
    dst: str
    dst_port: int
    what: str


def wire(model: Model, row: Any) -> list[WireStep]:
    """The steps of the attempt in this row of `emu.recorder.rows.ROW`, as far as it came.

    What happens at a moment that the row does not have is left out: the row of a request in
    flight tells the way so far.
    """
    if not goes_somewhere(model, row):
        return []
    end, steps = model.end_ns, _steps(Attempt(model, row))
    return [s for s in steps if s.at_ns != ABSENT and (end is None or s.at_ns < end)]


def _forward(at_ns: int, place: str, source: Address, destination: Address, what: str) -> WireStep:
    return WireStep(int(at_ns), FORWARD, place, *source, *destination, what)


def _back(at_ns: int, place: str, source: Address, destination: Address, what: str) -> WireStep:
    return WireStep(int(at_ns), BACK, place, *source, *destination, what)


def _steps(attempt: Attempt) -> Iterator[WireStep]:
    ends = attempt.ends
    sent_ns, done_ns = attempt.row["sent_ns"], attempt.row["done_ns"]
    yield _forward(sent_ns, attempt.client, ends.client, ends.front, _connecting(attempt))
    yield from _BEHIND[attempt.kind](attempt)
    if attempt.answered:
        what = "the answer" if attempt.served else _failure(attempt)
        if attempt.before_any_interface and attempt.translated:
            what += f"; {rules.returning(attempt)}"
        yield _back(done_ns, attempt.client, ends.front, ends.client, what)


def _connecting(attempt: Attempt) -> str:
    host, front = attempt.model.hosts[attempt.row["client"]], attempt.ends.front.address
    what = "connect"
    if not attempt.client_opened and attempt.row["connection"] != ABSENT:
        what = f"over kept connection {attempt.row['connection']}"
    if host != front:
        what = f"DNS: {host} is {front}; {what}"
    return f"{what}, before any interface" if attempt.before_any_interface else what


def _failure(attempt: Attempt) -> str:
    """What a client gets in place of an answer."""
    behind_balancer = attempt.kind == TargetKind.LISTENER
    return attempt.gateway_status if behind_balancer else "connection refused"


def _through_balancer(attempt: Attempt) -> Iterator[WireStep]:
    row, ends, name = attempt.row, attempt.ends, attempt.balancer
    listener = attempt.model.listeners[attempt.target["listener"]]
    what = f"listener on port {listener.port}"
    yield _forward(row["lb_ns"], name, ends.client, ends.front, what)
    if attempt.node:
        strategy, options = listener.strategy
        what = _passing_on(attempt, getattr(options, "path", strategy))
        yield _forward(row["lb_ns"], name, ends.sender, ends.service, what)
        yield from _through_node(attempt)
    elif attempt.container_native:
        what = f"{listener.strategy.name} picks {attempt.pod or ends.service.address}"
        yield _forward(row["lb_ns"], name, ends.sender, ends.service, what)
        if attempt.pod:
            yield from _at_pod(attempt, ends.sender, crosses=True)
    if (attempt.node or attempt.pod) and (attempt.served or attempt.refused):
        what = "the answer" if attempt.served else "connection refused"
        yield _back(row["lb_response_ns"], name, ends.service, ends.sender, what)
    if attempt.served or attempt.answered:
        what = "proxied answer" if attempt.served else _failure(attempt)
        yield _back(row["lb_response_ns"], name, ends.front, ends.client, what)


def _passing_on(attempt: Attempt, strategy: str) -> str:
    """How a load balancer came to the node, and to its connection there."""
    number = attempt.row["lb_connection"]
    if attempt.opened:
        return f"{strategy} picks {attempt.node}"
    if attempt.joined:
        return f"joined to connection {number}"
    return f"{strategy} picks {attempt.node}; over kept connection {number}"


def _through_node(attempt: Attempt) -> Iterator[WireStep]:
    """Into the translating node; then translated, to the Pod and back, or no farther."""
    ends, inner = attempt.ends, ""
    if not attempt.before_any_interface:
        inner = f"{attempt.node} {PODS if attempt.from_pod_here else NETWORK}"
    if ends.translated is None or ends.endpoint is None:
        yield from _stopped(attempt, inner)
        return
    at, met = attempt.row["node_ns"], rules.translating(attempt)
    if inner:
        yield _forward(at, inner, ends.sender, ends.service, rules.arriving(attempt))
    else:
        met = [rules.arriving(attempt), *met]
    outer = f"{attempt.node} {PODS if attempt.pod and not attempt.crosses else NETWORK}"
    yield _forward(at, outer, ends.translated, ends.endpoint, "; ".join(met))
    if attempt.pod:
        yield from _at_pod(attempt, ends.translated, attempt.crosses)
        back = moments.answer_at_node(attempt)
        what = "an answer that conntrack knows"
        yield _back(back, outer, ends.endpoint, ends.translated, what)
        if inner:
            yield _back(back, inner, ends.service, ends.sender, rules.returning(attempt))


def _stopped(attempt: Attempt, inner: str) -> Iterator[WireStep]:
    """A first packet that is refused, or silently dropped."""
    ends, at, place = attempt.ends, attempt.row["node_ns"], inner or attempt.client
    if attempt.refused:
        if inner:
            yield _forward(at, inner, ends.sender, ends.service, rules.arriving(attempt))
        yield _back(at, place, ends.service, ends.sender, rules.stopping(attempt))
    elif attempt.dropped and attempt.opened:
        at = moments.first_packet(attempt, int(attempt.row["node"]))
        yield _forward(at, place, ends.sender, ends.service, rules.stopping(attempt))


def _to_pod(attempt: Attempt) -> Iterator[WireStep]:
    """Straight to a Pod's own address."""
    if not attempt.pod:
        return iter(())  # the connection that it waited for has failed
    vertex = attempt.model.clients["vertex"][attempt.row["client"]]
    return _at_pod(attempt, attempt.ends.client, bool(vertex != attempt.pod_vertex))


def _at_pod(attempt: Attempt, source: Address, crosses: bool) -> Iterator[WireStep]:
    """Into the Pod, and what it answers; over its node's interface from another node."""
    endpoint, node = attempt.destination, f"{attempt.pod_node} {NETWORK}"
    if crosses:
        what = "routing table: the Pod is here"
        yield _forward(moments.at_pods_node(attempt), node, source, endpoint, what)
    what = f"the application listens on {attempt.app_port}"
    yield _forward(attempt.row["pod_ns"], attempt.pod, source, endpoint, what)
    shed = attempt.outcome == Outcome.SHED
    what = "the application sheds the request" if shed else "the application answers"
    if not attempt.served:
        full = attempt.outcome == Outcome.BACKLOG_FULL
        what = "RST: the backlog is full" if full else f"RST: nothing listens on {endpoint.port}"
    yield _back(moments.answered(attempt), attempt.pod, endpoint, source, what)
    if crosses:
        back = moments.answer_at_pods_node(attempt)
        yield _back(back, node, endpoint, source, "routing table")


def _to_closed_port(attempt: Attempt) -> Iterator[WireStep]:
    """To a host where nothing listens."""
    if not attempt.opened:
        return
    ends, vertex = attempt.ends, int(attempt.target["vertex"])
    places = attempt.model.places
    name = (*places.nodes, *places.load_balancers)[vertex][0]
    at = moments.first_packet(attempt, vertex)
    what = f"nothing listens on {ends.front.port}"
    yield _forward(at, name, ends.client, ends.front, what)
    yield _back(at, name, ends.front, ends.client, "RST")


def _to_nowhere(attempt: Attempt) -> Iterator[WireStep]:
    """To an address that nobody has there."""
    return iter(())


_BEHIND: Final[dict[TargetKind, Callable[[Attempt], Iterator[WireStep]]]] = {
    TargetKind.LISTENER: _through_balancer,
    TargetKind.SERVICE: _through_node,
    TargetKind.POD: _to_pod,
    TargetKind.CLOSED: _to_closed_port,
    TargetKind.NOWHERE: _to_nowhere,
}
