"""One attempt of a request: its row, and what the row's numbers stand for."""

from typing import Any, Final, NamedTuple

from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.services import Entry
from emu.hops.kubeproxy.traffic import Decision
from emu.model import Model
from emu.model.targets import TargetKind
from emu.recorder.rows import ABSENT, Outcome

DROPPED: Final = frozenset(
    {Outcome.DROPPED_NO_LOCAL_ENDPOINT, Outcome.CONNTRACK_FULL, Outcome.SNAT_EXHAUSTED}
)
"""What a node does without a word."""


class Address(NamedTuple):
    """An address and a port."""

    address: str
    port: int


class Ends(NamedTuple):
    """The addresses of one request.

    The client's, and what it connects to; the sender's, which opened the connection to the Pod
    (a load balancer, or the client again), and what that connects to; and the two ends behind a
    node's translation: ``translated`` is None where there was none, ``endpoint`` where it came to
    none.
    """

    client: Address
    front: Address
    sender: Address
    service: Address
    translated: Address | None
    endpoint: Address | None


class Attempt:
    """The row of an attempt that `goes_somewhere`, the `emu.model.TARGET` it went to, its `Ends`.

    ``client``, ``balancer``, ``node``, ``pod`` and ``pod_node`` are names; the last four are empty
    where it did not come so far.
    """

    def __init__(self, model: Model, row: Any) -> None:
        places = model.places
        self.model, self.row = model, row
        self.outcome = Outcome(int(row["outcome"]))
        number = _target_of(model, row)
        self.target = model.targets[number]
        self.kind = TargetKind(int(self.target["kind"]))
        self.ends = _ends(model, row, number)
        self.client = places.clients[row["client"]][0]
        self.balancer = _name(places.load_balancers, row["load_balancer"])
        self.node = _name(places.nodes, row["node"])
        self.pod = _name(places.pods, row["pod"])
        self.pod_node = self.pod and places.nodes[self.pod_vertex][0]

    @property
    def mode(self) -> str:
        """The proxy mode of the nodes."""
        return list(MODES)[self.model.mode]

    @property
    def served(self) -> bool:
        """Whether the Pod served it, or will have at a time that is known."""
        return bool(self.row["service_end_ns"] != ABSENT and self.outcome != Outcome.RESET)

    @property
    def refused(self) -> bool:
        """Whether it met an RST on its way, at the node or at the Pod."""
        return self.outcome in (Outcome.REFUSED, Outcome.BACKLOG_FULL)

    @property
    def dropped(self) -> bool:
        """Whether the node dropped its first packets."""
        return self.outcome in DROPPED

    @property
    def answered(self) -> bool:
        """Whether the client was answered while it still waited, be it with a refusal.

        A load balancer answers for whatever is silent behind it.
        """
        silent = (Outcome.REQUEST_TIMEOUT, Outcome.IN_FLIGHT)
        if self.kind == TargetKind.LISTENER:
            return self.outcome not in silent
        return self.outcome in (Outcome.OK, Outcome.SHED) or self.refused

    @property
    def opened(self) -> bool:
        """Whether the connection that ends at the Pod was opened for it: else it went over one that
        is kept, or waited for that to be opened."""
        behind_balancer = self.kind == TargetKind.LISTENER
        return bool(self.row["new_connection"] & (2 if behind_balancer else 1))

    @property
    def client_opened(self) -> bool:
        """Whether the client opened a connection for it."""
        return bool(self.row["new_connection"] & 1)

    @property
    def joined(self) -> bool:
        """Whether it comes by a load balancer that joins connections."""
        listener = self.target["listener"]
        return self.kind == TargetKind.LISTENER and self.model.listeners[listener].tcp

    @property
    def gateway_status(self) -> str:
        """What a load balancer answers with in place of a Pod's answer."""
        if self.joined:
            return "connection closed"
        if self.outcome == Outcome.SHED:
            return "503 Service Unavailable"
        refused = self.refused or self.outcome == Outcome.BAD_GATEWAY
        return "502 Bad Gateway" if refused else "504 Gateway Timeout"

    @property
    def decision(self) -> Decision:
        """What the node that it came to decided about it."""
        rule = int(self.target["rule"])
        if self.kind == TargetKind.LISTENER:
            backends = self.model.listeners[self.target["listener"]].backends
            rule = int(backends[self.row["node"]]["rule"])
        return self.model.decisions[rule]

    @property
    def from_node_itself(self) -> bool:
        """Whether a process on the translating node sends it: its packets meet nat in OUTPUT."""
        return self._from_here and bool(self._sender["pod"] == ABSENT)

    @property
    def from_pod_here(self) -> bool:
        """Whether a Pod on the translating node sends it."""
        return self._from_here and bool(self._sender["pod"] != ABSENT)

    @property
    def before_any_interface(self) -> bool:
        """Whether it is translated in its sender: a node's own, and with ebpf a Pod's socket."""
        return self.from_node_itself or (self.mode == "ebpf" and self.from_pod_here)

    @property
    def _sender(self) -> Any:
        return self.model.clients[self.row["client"]]

    @property
    def _from_here(self) -> bool:
        here = self.kind == TargetKind.SERVICE and self._sender["vertex"] == self.row["node"]
        return bool(here)

    @property
    def entry(self) -> Entry | None:
        """By which kind of address it reached a Service; None where no Service has it."""
        front = self.decision.front
        return None if front is None else front.entry

    @property
    def to_node_port(self) -> bool:
        """Whether it came to the translating node by its NodePort."""
        return self.entry == Entry.NODE_PORT

    @property
    def translated(self) -> bool:
        """Whether a rule chose an endpoint for it."""
        return bool(self.node and self.row["endpoint"] != ABSENT)

    @property
    def container_native(self) -> bool:
        """Whether a load balancer chose its endpoint, and connects to it itself."""
        return bool(not self.node and self.row["endpoint"] != ABSENT)

    @property
    def masqueraded(self) -> bool:
        """Whether its source became the node's."""
        return bool(self.row["masquerade_port"] > ABSENT)

    @property
    def crosses(self) -> bool:
        """Whether its Pod is on another node than the one that translates."""
        return bool(self.pod and self.pod_vertex != self.row["node"])

    @property
    def destination(self) -> Address:
        """The Pod's address and port that it is sent to."""
        return self.ends.endpoint or self.ends.front

    @property
    def app_port(self) -> int:
        """The port at which the Pod's process really listens; of a Pod that came in the course of
        the run, that of its endpoint."""
        known, pod = self.model.pods["app_port"], int(self.row["pod"])
        return int(known[pod]) if pod < len(known) else self.destination.port

    @property
    def listened_to(self) -> bool:
        """Whether it is sent to that port, and the process was there."""
        return self.destination.port == self.app_port and self.outcome != Outcome.REFUSED

    @property
    def pod_vertex(self) -> int:
        """The number of its Pod's node."""
        return int(self.model.places.pods[self.row["pod"]][2])


def goes_somewhere(model: Model, row: Any) -> bool:
    """Whether the client's name stood for an address for it: else nothing was ever sent."""
    known = bool(model.clients["targets"][row["client"]])
    return known and row["outcome"] != Outcome.DNS_FAILURE


def _name(named: Any, number: int) -> str:
    return "" if number == ABSENT else str(named[number][0])


def _target_of(model: Model, row: Any) -> int:
    """Which of the client's targets the attempt went to, as far as its row tells."""
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


def _ends(model: Model, row: Any, number: int) -> Ends:
    target = model.targets[number]
    address = model.places.client_address(int(row["client"]), int(row["request"]))
    client = Address(address, int(row["client_port"]))
    front = Address(model.target_addresses[number], int(target["port"]))
    sender, service = client, front
    translated = endpoint = None
    if row["endpoint"] != ABSENT:
        endpoint = Address(*model.places.endpoints[row["endpoint"]])
    if target["kind"] == TargetKind.LISTENER and row["lb_port"] != ABSENT:
        sender = Address(front.address, int(row["lb_port"]))
        service = endpoint or service
        if row["node"] != ABSENT:
            node_port = model.listeners[target["listener"]].node_port
            service = Address(model.places.nodes[row["node"]][1], node_port)
    if endpoint is not None and row["node"] != ABSENT:
        translated = sender
        port = int(row["masquerade_port"])
        if port > ABSENT:
            translated = Address(model.places.nodes[row["node"]][1], port)
        elif port < ABSENT:
            translated = sender._replace(port=-port)
    return Ends(client, front, sender, service, translated, endpoint)
