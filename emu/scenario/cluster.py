"""The cluster of a scenario, and the steps that complete what a description leaves out.

In order, each a small function:

1. `pooled_nodes`: node pools become Nodes ``<pool>-1`` ...;
2. `addressed_nodes`: Nodes without an InternalIP get one, from 192.168.1.100 on;
3. `networked_nodes`: Nodes without a podCIDR get a /24 of 10.244.0.0/16, as the
   controller-manager gives them;
4. `emu.scenario.placement.placed`: Pods without a node get one, Deployments get their Pods;
5. `addressed_pods`: Pods without an address get one of their node's podCIDR (or its own address
   with ``hostNetwork``);
6. `addressed_services`: ClusterIPs from 10.96.0.0/12 and NodePorts from 30000 on;
7. `completed_slices`: EndpointSlices for Services with a selector that have none.

What was given is never changed, so completing a completed cluster gives the same cluster.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any, TypeVar

from emu.scenario import allocation
from emu.scenario.description import NodePool
from emu.scenario.kubernetes import (
    Deployment,
    EndpointSlice,
    HorizontalPodAutoscaler,
    KubeProxyConfiguration,
    Node,
    Pod,
    Service,
    ServiceCIDR,
)
from emu.scenario.kubernetes.node import PROVISIONING, ZONE_LABEL, NodeAddress
from emu.scenario.kubernetes.service import ServicePort
from emu.scenario.placement import placed
from emu.scenario.slices import derived

Free = TypeVar("Free", str, int)


class ExhaustedError(Exception):
    """There is no free address or port any more for ``owner``; ``rule`` says which."""

    def __init__(self, owner: Node | Pod | Service, rule: str) -> None:
        self.owner, self.rule = owner, rule
        super().__init__(owner, rule)


def qualified(reference: str) -> str:
    """The ``namespace/name`` that an object is meant by."""
    return reference if "/" in reference else f"default/{reference}"


@dataclass(frozen=True)
class Cluster:
    """The Kubernetes objects of a scenario, each kind in the order in which it was given."""

    nodes: tuple[Node, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    endpoint_slices: tuple[EndpointSlice, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    kube_proxy: KubeProxyConfiguration = field(default_factory=KubeProxyConfiguration)
    service_cidrs: tuple[ServiceCIDR, ...] = ()
    autoscalers: tuple[HorizontalPodAutoscaler, ...] = ()

    def service(self, key: str) -> Service | None:
        """The Service called ``namespace/name``, or ``name`` in the namespace ``default``."""
        full = qualified(key)
        return next((found for found in self.services if found.key == full), None)

    def pod(self, key: str) -> Pod | None:
        """The Pod called ``namespace/name``, or ``name`` in the namespace ``default``."""
        full = qualified(key)
        return next((found for found in self.pods if found.key == full), None)

    def node(self, name: str) -> Node | None:
        """The Node of this name."""
        return next((found for found in self.nodes if found.name == name), None)

    def slices_of(self, service: Service) -> tuple[EndpointSlice, ...]:
        """The EndpointSlices of a Service."""
        return tuple(found for found in self.endpoint_slices if found.service == service.key)


def completed(cluster: Cluster, pools: Sequence[NodePool], taken: Iterable[str]) -> Cluster:
    """The cluster with everything that was left out; ``taken`` are addresses of others.

    Raises NoNodeFitsError and ExhaustedError.
    """
    nodes = addressed_nodes((*cluster.nodes, *pooled_nodes(pools)), taken)
    nodes = networked_nodes(nodes, cluster.kube_proxy.cluster_networks)
    pods = addressed_pods(placed(nodes, cluster.pods, cluster.deployments), nodes)
    services = addressed_services(cluster.services)
    return Cluster(
        nodes,
        pods,
        services,
        completed_slices(cluster.endpoint_slices, services, pods, nodes),
        cluster.deployments,
        cluster.kube_proxy,
        cluster.service_cidrs,
        cluster.autoscalers,
    )


def as_found(cluster: Cluster) -> Cluster:
    """The objects of a cluster as it runs: nothing is added but EndpointSlices, where none is.

    Pods that are not placed yet, or have no address, are left out.
    """
    pods = tuple(pod for pod in cluster.pods if pod.node_name and pod.ip)
    slices = cluster.endpoint_slices or completed_slices((), cluster.services, pods, cluster.nodes)
    return replace(cluster, pods=pods, endpoint_slices=slices, deployments=(), autoscalers=())


def _first(free: Iterator[Free], owner: Node | Pod | Service, rule: str) -> Free:
    """The first that is free for the owner."""
    for found in free:
        return found
    raise ExhaustedError(owner, rule)


def pooled_nodes(pools: Sequence[NodePool]) -> tuple[Node, ...]:
    """The Nodes of the pools, those included that are not there yet: they take no Pods."""
    nodes: list[Node] = []
    for pool in pools:
        most, zones = max(pool.nodes, pool.max_nodes or 0), cycle(pool.zones or ("",))
        for number, zone in zip(range(1, most + 1), zones, strict=False):
            zoned = {ZONE_LABEL: zone} if zone else {}
            later = number > pool.nodes
            nodes.append(Node.model_validate({
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {
                    "name": f"{pool.name}-{number}", "labels": pool.labels | zoned,
                    "annotations": {PROVISIONING: str(pool.provisioning)} if later else {},
                },
                "spec": {"unschedulable": later},
                "status": {"capacity": {"cpu": pool.cpu, "memory": pool.memory}},
            }))  # fmt: skip
    return tuple(nodes)


def addressed_nodes(nodes: Sequence[Node], taken: Iterable[str]) -> tuple[Node, ...]:
    """The Nodes, each with an InternalIP."""
    used = {node.address for node in nodes} | set(taken)
    free = allocation.free_addresses([allocation.HOSTS], used)

    def addressed(node: Node) -> Node:
        if node.address:
            return node
        host = _first(free, node, "finds no free address in 192.168.0.0/16")
        address = NodeAddress(type="InternalIP", address=host)
        return node.changed(status={"addresses": (*node.status.addresses, address)})

    return tuple(map(addressed, nodes))


def networked_nodes(nodes: Sequence[Node], cluster_networks: Sequence[str]) -> tuple[Node, ...]:
    """The Nodes, each with a podCIDR."""
    free = allocation.free_pod_cidrs(cluster_networks, [n.pod_cidr for n in nodes if n.pod_cidr])

    def networked(node: Node) -> Node:
        if node.pod_networks:
            return node
        network = _first(free, node, "finds no free podCIDR in the cluster's network")
        return node.changed(spec={"pod_cidr": network})

    return tuple(map(networked, nodes))


def addressed_pods(pods: Sequence[Pod], nodes: Sequence[Node]) -> tuple[Pod, ...]:
    """The Pods, each with an address, where its node is known."""
    taken = {pod.ip for pod in pods if pod.ip}
    free = {node.name: allocation.free_pod_addresses(node.pod_cidr, taken) for node in nodes}
    hosts = {node.name: node.address for node in nodes}

    def addressed(pod: Pod) -> Pod:
        if pod.ip or pod.node_name not in free:
            return pod
        if pod.spec.host_network:
            address = hosts[pod.node_name]
        else:
            rule = "finds no free address in the podCIDR of its node"
            address = _first(free[pod.node_name], pod, rule)
        return pod.changed(status={"pod_ip": address})

    return tuple(map(addressed, pods))


def addressed_services(services: Sequence[Service]) -> tuple[Service, ...]:
    """The Services, each with a ClusterIP (unless headless) and the NodePorts that it needs."""
    addresses = allocation.free_cluster_ips(s.cluster_ip for s in services if s.cluster_ip)
    given = (port.node_port for service in services for port in service.ports if port.node_port)
    node_ports = allocation.free_node_ports(given)

    def ported(service: Service, port: ServicePort) -> ServicePort:
        if port.node_port or not _wants_node_ports(service):
            return port
        number = _first(node_ports, service, "finds no free NodePort")
        return port.model_copy(update={"node_port": number})

    def addressed(service: Service) -> Service:
        spec: dict[str, Any] = {"ports": tuple(ported(service, port) for port in service.ports)}
        if service.cluster_ip == "":
            spec["cluster_ip"] = _first(addresses, service, "finds no free ClusterIP")
        return service.changed(spec=spec)

    return tuple(map(addressed, services))


def _wants_node_ports(service: Service) -> bool:
    if service.type == "LoadBalancer":
        return service.spec.allocate_load_balancer_node_ports
    return service.type == "NodePort"


def completed_slices(
    slices: Sequence[EndpointSlice],
    services: Sequence[Service],
    pods: Sequence[Pod],
    nodes: Sequence[Node],
) -> tuple[EndpointSlice, ...]:
    """The slices given, and those of Services with a selector that have none."""
    known = {found.service for found in slices}
    zones = {node.name: node.zone for node in nodes}
    here: dict[str, list[Pod]] = {}
    for pod in pods:
        here.setdefault(pod.namespace, []).append(pod)
    names: dict[str, set[str]] = {}
    for found in slices:
        names.setdefault(found.namespace, set()).add(found.name)
    more: list[EndpointSlice] = []
    for service in services:
        if service.selector and service.key not in known:
            taken = names.setdefault(service.namespace, set())
            made = tuple(derived(service, here.get(service.namespace, ()), zones, taken))
            taken.update(slice_.name for slice_ in made)
            more.extend(made)
    return (*slices, *more)
