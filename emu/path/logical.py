"""The path as people draw it, over the Service's virtual address."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from emu.model import Model
from emu.model.targets import TargetKind
from emu.path.attempt import Address, Attempt, goes_somewhere
from emu.recorder.rows import Outcome

ANY = "any"
"""The port of a client: whichever the system gave it."""


class LogicalStep(NamedTuple):
    """One arrow of the drawing; a port is a number or `ANY`."""

    src: str
    src_port: int | str
    dst: str
    dst_port: int | str
    what: str


def logical(model: Model, row: Any) -> list[LogicalStep]:
    """The steps of the attempt in this row, as far as it came."""
    return list(_steps(Attempt(model, row))) if goes_somewhere(model, row) else []


def _steps(attempt: Attempt) -> Iterator[LogicalStep]:
    ends, client = attempt.ends, _client(attempt)
    host = attempt.model.hosts[attempt.row["client"]]
    resolves = "" if host == ends.front.address else f"resolves {host} and "
    what = f"the client {resolves}sends the request to {_reached(attempt)}"
    yield LogicalStep(client, ANY, *ends.front, what)
    if attempt.node:
        yield from _over_node(attempt)
    elif attempt.container_native:
        to = "the Pod" if attempt.pod else "an address that no Pod has"
        what = f"the load balancer forwards it to {to}"
        yield LogicalStep(*ends.front, *ends.service, what)
    if attempt.answered:
        yield LogicalStep(*_answering(attempt), client, ANY, _end(attempt))


def _client(attempt: Attempt) -> str:
    """A client outside is drawn without its address."""
    inside = attempt.model.clients["vertex"][attempt.row["client"]] < len(
        attempt.model.places.nodes
    )
    return attempt.ends.client.address if inside else "client"


def _reached(attempt: Attempt) -> str:
    if attempt.kind == TargetKind.SERVICE:
        return f"{_addressed(attempt)}'s NodePort" if attempt.to_node_port else "the Service"
    return {
        TargetKind.LISTENER: "the external load balancer",
        TargetKind.POD: "the Pod",
        TargetKind.CLOSED: "a port where nothing listens",
        TargetKind.NOWHERE: "an address that nobody answers at from there",
    }[attempt.kind]


def _addressed(attempt: Attempt) -> str:
    """The node with the address; with ebpf another may translate."""
    nodes = attempt.model.places.nodes
    named = {address: name for name, address, _ in nodes}
    return spoken(named.get(attempt.ends.front.address, nodes[attempt.target["node"]][0]))


def _over_node(attempt: Attempt) -> Iterator[LogicalStep]:
    """From the sender over the node's rules and the virtual address to the endpoint."""
    ends, name = attempt.ends, spoken(attempt.node)
    virtual = ends.service
    if attempt.to_node_port:
        virtual = Address(*attempt.model.service_addresses[attempt.row["service"]])
    if attempt.balancer:
        what = f"the load balancer forwards it to {name}'s NodePort"
        yield LogicalStep(*ends.front, *ends.service, what)
    if ends.endpoint is None:
        what = f"{name}'s {attempt.mode} rules {_stopped(attempt)}"
        address, port = ends.service if attempt.to_node_port else (_client(attempt), ANY)
        yield LogicalStep(address, port, *virtual, what)
        return
    if attempt.to_node_port:
        what = f"{name}'s {attempt.mode} rules take it to the Service's virtual IP"
        yield LogicalStep(*ends.service, *virtual, what)
    what = "the Service balances it to a Pod"
    if not attempt.pod:
        what = "the Service balances it to an address that no Pod has"
    yield LogicalStep(*virtual, *ends.endpoint, what)


def _stopped(attempt: Attempt) -> str:
    """Why there is no endpoint."""
    return {
        Outcome.REFUSED: "have no endpoint for the Service and refuse it",
        Outcome.DROPPED_NO_LOCAL_ENDPOINT: "have no endpoint on this node and drop it",
        Outcome.CONNTRACK_FULL: "cannot track it in a full conntrack table: it is dropped",
        Outcome.SNAT_EXHAUSTED: "find no free source port to masquerade it: it is dropped",
    }.get(attempt.outcome, "have not answered yet")


def _answering(attempt: Attempt) -> Address:
    """Who speaks last."""
    if attempt.pod and (attempt.served or attempt.refused):
        return attempt.destination
    return attempt.ends.front


def _end(attempt: Attempt) -> str:
    if attempt.outcome == Outcome.OK:
        return f"the Pod's container, listening on {attempt.app_port}, answers"
    if attempt.outcome == Outcome.SHED and attempt.pod:
        return "the Pod's container sheds the request"
    if attempt.outcome == Outcome.BACKLOG_FULL:
        return "the Pod's container has a full backlog and refuses"
    if attempt.pod and attempt.refused:
        return f"the Pod's container listens on {attempt.app_port} and refuses"
    if attempt.joined:
        return "the load balancer closes the connection"
    if attempt.kind == TargetKind.LISTENER:
        return f"the load balancer answers {attempt.gateway_status}"
    return "the connection is refused"


def spoken(name: str) -> str:
    """A node's name as one says it: ``node1`` and ``node-1`` are "node 1"."""
    match = re.fullmatch(r"node-?(\d+)", name)
    return f"node {match[1]}" if match else name
