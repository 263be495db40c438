"""The path as people draw it, over the Service's virtual address."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from emu.model import Model
from emu.model.targets import TargetKind
from emu.path.ends import Address, Ends, ends_of, target_of
from emu.recorder.rows import ABSENT, Outcome

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
    return list(_steps(model, row))


def _steps(model: Model, row: Any) -> Iterator[LogicalStep]:
    ends = ends_of(model, row)
    kind = model.targets[target_of(model, row)]["kind"]
    inside = model.clients["source"][row["client"]] != 0
    client = ends.client.address if inside else "client"
    host = model.hosts[row["client"]]
    resolves = "" if host == ends.front.address else f"resolves {host} and "
    reaches = {
        TargetKind.LISTENER: "the external load balancer",
        TargetKind.SERVICE: "the Service" if row["load_balancer"] == ABSENT else "",
        TargetKind.POD: "the Pod",
    }.get(TargetKind(int(kind)), "an address where nothing answers")
    what = f"the client {resolves}sends the request to {reaches}"
    yield LogicalStep(client, ANY, ends.front.address, ends.front.port, what)
    if row["node"] != ABSENT:
        yield from _over_node(model, row, ends)
    if row["pod"] != ABSENT and row["outcome"] in (Outcome.OK, Outcome.REFUSED):
        endpoint = ends.endpoint or ends.front
        yield LogicalStep(endpoint.address, endpoint.port, client, ANY, _end(model, row))


def _over_node(model: Model, row: Any, ends: Ends) -> Iterator[LogicalStep]:
    """From the sender over the node's rules and the virtual address to the endpoint."""
    name = spoken(model.places.nodes[row["node"]][0])
    node = model.places.nodes[row["node"]][1]
    virtual = Address(*model.service_addresses[row["service"]])
    if row["load_balancer"] != ABSENT:
        what = f"the load balancer forwards it to {name}'s NodePort"
        yield _arrow(ends.front, ends.service, what)
    if ends.endpoint is None:
        what = f"{name}'s iptables rules have no endpoint for the Service"
        yield _arrow(ends.service, virtual, what)
        return
    if ends.service.address == node:
        what = f"{name}'s iptables rules take it to the Service's virtual IP"
        yield _arrow(ends.service, virtual, what)
    yield _arrow(virtual, ends.endpoint, "the Service balances it to a Pod")


def _arrow(source: Address, destination: Address, what: str) -> LogicalStep:
    return LogicalStep(source.address, source.port, destination.address, destination.port, what)


def _end(model: Model, row: Any) -> str:
    listens = model.pods["app_port"][row["pod"]]
    if row["outcome"] == Outcome.OK:
        return f"the Pod's container, listening on {listens}, answers"
    return f"the Pod's container listens on {listens} and refuses"


def spoken(name: str) -> str:
    """A node's name as one says it: ``node1`` and ``node-1`` are "node 1"."""
    match = re.fullmatch(r"node-?(\d+)", name)
    return f"node {match[1]}" if match else name
