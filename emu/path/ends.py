"""The addresses between which a request's packets travel, read off its row."""

from typing import Any, NamedTuple

from emu.model import Model
from emu.model.targets import TargetKind
from emu.recorder.rows import ABSENT


class Address(NamedTuple):
    """An address and a port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


class Ends(NamedTuple):
    """The addresses of one request.

    The client's, and what it connects to; the sender's, which opened the connection to the Pod
    (a load balancer, or the client again), and what that connects to; and the two ends behind the
    node's translation, which are None where there was none.
    """

    client: Address
    front: Address
    sender: Address
    service: Address
    translated: Address | None
    endpoint: Address | None


def target_of(model: Model, row: Any) -> int:
    """Which of the client's targets the request went to, as far as its row tells."""
    client = model.clients[row["client"]]
    numbers = range(client["first_target"], client["first_target"] + client["targets"])
    return next((n for n in numbers if _fits(model, model.targets[n], row)), numbers[0])


def _fits(model: Model, target: Any, row: Any) -> bool:
    if target["kind"] == TargetKind.LISTENER:
        listener = model.listeners[target["listener"]]
        return bool(listener.load_balancer == row["load_balancer"])
    if target["kind"] == TargetKind.SERVICE:
        return bool(target["node"] == row["node"])
    return bool(target["kind"] != TargetKind.POD or target["pod"] == row["pod"])


def ends_of(model: Model, row: Any) -> Ends:
    """The addresses of the request in this row."""
    number = target_of(model, row)
    target = model.targets[number]
    client = Address(model.places.clients[row["client"]][1], int(row["client_port"]))
    front = Address(model.target_addresses[number], int(target["port"]))
    sender, service = client, front
    if target["kind"] == TargetKind.LISTENER and row["node"] != ABSENT:
        sender = Address(front.address, int(row["lb_port"]))
        node_port = model.listeners[target["listener"]].node_port
        service = Address(model.places.nodes[row["node"]][1], node_port)
    translated = endpoint = None
    if row["endpoint"] != ABSENT:
        translated = sender
        if row["masquerade_port"] != ABSENT:
            node = model.places.nodes[row["node"]][1]
            translated = Address(node, int(row["masquerade_port"]))
        endpoint = Address(*model.places.endpoints[row["endpoint"]])
    return Ends(client, front, sender, service, translated, endpoint)
