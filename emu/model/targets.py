"""What stands behind an address and port, seen from a client."""

from enum import IntEnum
from typing import NamedTuple

from emu.hops.node import Entry
from emu.model.services import ServicePorts
from emu.scenario import Cluster, ScenarioSpec


class TargetKind(IntEnum):
    """What a connection meets at its destination address."""

    LISTENER = 0
    """A load balancer's port."""
    SERVICE = 1
    """A NodePort or a ClusterIP: the node's kube-proxy translates it."""
    POD = 2
    """A Pod's own address."""
    CLOSED = 3
    """A host without anything at this port: RST."""
    NOWHERE = 4
    """No host at all, or none that can be reached from there: silence."""


class Target(NamedTuple):
    """A destination as the client's packets find it; what does not apply is -1."""

    kind: TargetKind
    listener: int = -1
    vertex: int = -1
    node: int = -1
    service: int = -1
    entry: int = -1
    pod: int = -1
    port: int = -1


class Viewpoint(NamedTuple):
    """Where a client is: on which node, or outside (-1)."""

    node: int

    @property
    def inside(self) -> bool:
        """Whether Service and Pod addresses mean something there."""
        return self.node >= 0


class Directory:
    """Finds what has an address: load balancers, nodes, Services and Pods by their addresses.

    ``services`` numbers the Service ports that a run can reach; looking one up adds it.
    """

    def __init__(self, spec: ScenarioSpec, cluster: Cluster, services: ServicePorts) -> None:
        self._services = services
        self._nodes = {node.address: i for i, node in enumerate(cluster.nodes)}
        self._node_names = {node.name: i for i, node in enumerate(cluster.nodes)}
        self._pods = {pod.ip: i for i, pod in enumerate(cluster.pods)}
        self._pod_nodes = [self._node_names.get(pod.node_name or "", -1) for pod in cluster.pods]
        self._cluster_ips = {s.cluster_ip: s for s in cluster.services if s.cluster_ip}
        self._node_ports = {
            port.node_port: (service, port)
            for service in cluster.services
            for port in service.ports
            if port.node_port
        }
        first = len(cluster.nodes)
        self._balancers = {str(b.address): first + i for i, b in enumerate(spec.load_balancers)}
        listeners = [(str(b.address), at.port) for b in spec.load_balancers for at in b.listeners]
        self._listeners = {place: number for number, place in enumerate(listeners)}

    def find(self, address: str, port: int, viewpoint: Viewpoint) -> Target:
        """What a connection from there to this address and port meets."""
        if address in self._balancers:
            return self._at_balancer(address, port)
        if address in self._nodes:
            return self._at_node(self._nodes[address], port)
        if viewpoint.inside and address in self._cluster_ips:
            return self._at_service(address, port, viewpoint)
        if viewpoint.inside and address in self._pods:
            return self._at_pod(self._pods[address], port)
        return Target(TargetKind.NOWHERE, port=port)

    def _at_balancer(self, address: str, port: int) -> Target:
        vertex = self._balancers[address]
        listener = self._listeners.get((address, port))
        if listener is None:
            return Target(TargetKind.CLOSED, vertex=vertex, port=port)
        return Target(TargetKind.LISTENER, listener=listener, vertex=vertex, port=port)

    def _at_node(self, node: int, port: int) -> Target:
        if port not in self._node_ports:
            return Target(TargetKind.CLOSED, vertex=node, node=node, port=port)
        number = self._services.number(*self._node_ports[port])
        return Target(
            TargetKind.SERVICE, vertex=node, node=node, service=number,
            entry=Entry.NODE_PORT, port=port,
        )  # fmt: skip

    def _at_service(self, address: str, port: int, viewpoint: Viewpoint) -> Target:
        service = self._cluster_ips[address]
        for service_port in service.ports:
            if service_port.port == port:
                number = self._services.number(service, service_port)
                return Target(
                    TargetKind.SERVICE, vertex=viewpoint.node, node=viewpoint.node,
                    service=number, entry=Entry.CLUSTER_IP, port=port,
                )  # fmt: skip
        return Target(TargetKind.NOWHERE, port=port)

    def _at_pod(self, pod: int, port: int) -> Target:
        node = self._pod_nodes[pod]
        return Target(TargetKind.POD, vertex=node, node=node, pod=pod, port=port)
