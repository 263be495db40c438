"""What stands behind an address and port, seen from a client."""

from enum import IntEnum
from typing import NamedTuple

from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import Packet
from emu.model.services import RuleTable
from emu.scenario import Cluster, ScenarioSpec


class TargetKind(IntEnum):
    """What a connection meets at its destination address."""

    LISTENER = 0
    """A load balancer's port."""
    SERVICE = 1
    """An address of a Service: the node's kube-proxy has a rule about it."""
    POD = 2
    """A Pod's own address."""
    CLOSED = 3
    """A host without anything at this port: RST."""
    NOWHERE = 4
    """No host at all, or none that can be reached from there: silence."""


class Target(NamedTuple):
    """A destination as the client's packets find it, an `emu.model.TARGET`; what does not apply is
    -1."""

    kind: TargetKind
    listener: int = -1
    vertex: int = -1
    node: int = -1
    service: int = -1
    rule: int = -1
    pod: int = -1
    port: int = -1
    route: int = -1
    datagram: bool = False
    pool: int = 0


class Viewpoint(NamedTuple):
    """Where a client is: its address, and on which node, or outside (-1)."""

    address: str
    node: int

    @property
    def inside(self) -> bool:
        """Whether Service and Pod addresses mean something there."""
        return self.node >= 0


class Directory:
    """Finds what has an address: Services, load balancers, nodes and Pods by their addresses.

    ``rules`` numbers what nodes decide about the packets of a run; looking one up adds it.
    """

    def __init__(self, spec: ScenarioSpec, cluster: Cluster, rules: RuleTable) -> None:
        self._rules = rules
        self._names = tuple(node.name for node in cluster.nodes)
        self._nodes = {a: i for i, node in enumerate(cluster.nodes) for a in node.addresses}
        numbers = {name: i for i, name in enumerate(self._names)}
        self._pods = {pod.ip: i for i, pod in enumerate(cluster.pods)}
        self._pod_nodes = [numbers.get(pod.node_name or "", -1) for pod in cluster.pods]
        first = len(cluster.nodes)
        self._balancers = {str(b.address): first + i for i, b in enumerate(spec.load_balancers)}
        listeners = [(str(b.address), at.port) for b in spec.load_balancers for at in b.listeners]
        self._listeners = {place: number for number, place in enumerate(listeners)}

    def find(self, address: str, port: int, viewpoint: Viewpoint, protocol: str = "TCP") -> Target:
        """What a connection from there to this address and port meets.

        The rules of a client's own node come first: a Service's address never leaves the node.
        """
        packet = Packet(protocol, viewpoint.address, address, port)
        if viewpoint.inside:
            target = self._ruled(viewpoint.node, packet)
            if target is not None:
                return target
        if address in self._balancers:
            return self._at_balancer(address, port, protocol)
        if address in self._nodes:
            node = self._nodes[address]
            target = self._ruled(node, packet)
            return target or Target(TargetKind.CLOSED, vertex=node, node=node, port=port)
        if viewpoint.inside and address in self._pods:
            return self._at_pod(self._pods[address], port)
        return Target(TargetKind.NOWHERE, port=port)

    def _ruled(self, node: int, packet: Packet) -> Target | None:
        """The target of a packet that the node has a rule about."""
        rule = self._rules.about(self._names[node], packet)
        if self._rules.decisions[rule].action == Action.NONE:
            return None
        return Target(
            TargetKind.SERVICE, vertex=node, node=node,
            service=self._rules.service(rule), rule=rule, port=packet.port,
        )  # fmt: skip

    def _at_balancer(self, address: str, port: int, protocol: str) -> Target:
        """A load balancer listens for TCP alone."""
        vertex = self._balancers[address]
        listener = self._listeners.get((address, port)) if protocol == "TCP" else None
        if listener is None:
            return Target(TargetKind.CLOSED, vertex=vertex, port=port)
        return Target(TargetKind.LISTENER, listener=listener, vertex=vertex, port=port)

    def _at_pod(self, pod: int, port: int) -> Target:
        node = self._pod_nodes[pod]
        return Target(TargetKind.POD, vertex=node, node=node, pod=pod, port=port)
