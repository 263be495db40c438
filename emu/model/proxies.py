"""kube-proxy on every node, from the cluster's objects."""

from collections.abc import Container, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from ipaddress import ip_network
from typing import Final, cast

from emu.hops.endpoints import Endpoint, Endpoints
from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.services import Network, ServicePort, ServiceTable
from emu.hops.kubeproxy.traffic import Action, Decision
from emu.hops.kubeproxy.view import LocalMode, NodePortAddresses, NodeView, Packet, Settings
from emu.scenario import Cluster
from emu.scenario.kubernetes import EndpointSlice, Node, Service
from emu.scenario.kubernetes import ServicePort as Port

OTHER_PROXY_LABEL: Final = "service.kubernetes.io/service-proxy-name"
"""Says that a Service is none of kube-proxy's business."""


class Proxies:
    """The views of all nodes, for IPv4 (4) and IPv6 (6), and what they decide.

    ``mode`` is the one configured where nothing else is said.
    """

    def __init__(self, cluster: Cluster, mode: str = "") -> None:
        self.cluster = cluster
        self.mode = mode or cluster.kube_proxy.mode
        self._nodes = {node.name: node for node in cluster.nodes}
        self._slices: dict[str, list[EndpointSlice]] = {}
        for found in sorted(cluster.endpoint_slices, key=lambda its: its.name):
            self._slices.setdefault(found.service, []).append(found)
        self._tables: dict[int, ServiceTable] = {}
        self._unknown: list[ServicePort] = []
        self._views: dict[tuple[str, int], NodeView] = {}

    def table(self, family: int) -> ServiceTable:
        """All Service ports of an address family, in the order of the Services."""
        if family not in self._tables:
            ports = (
                port
                for service in self.cluster.services
                if OTHER_PROXY_LABEL not in service.labels
                for port in self._service_ports(service, family)
            )
            self._tables[family] = ServiceTable.of(ports)
        return self._tables[family]

    def _service_ports(self, service: Service, family: int) -> Iterator[ServicePort]:
        slices = self._slices.get(service.key, ())
        return _service_ports(service, slices, family, self._owners)

    def port(self, service: Service, port: Port) -> ServicePort:
        """What kube-proxy knows of this port of a Service over IPv4.

        Of a Service that is headless, has no IPv4 address or another proxy it knows nothing: then
        the port and its endpoints.
        """
        key = _name(service, port), port.protocol
        for found in (*self.table(4).ports, *self._unknown):
            if (found.name, found.protocol) == key:
                return found
        endpoints = _endpoints(self._slices.get(service.key, ()), port, 4, self._owners)
        made = ServicePort(*key, service.spec.cluster_ip, port.port, Endpoints(endpoints))
        self._unknown.append(made)
        return made

    def view(self, node: str, family: int = 4) -> NodeView:
        """A node as its kube-proxy has it."""
        key = node, family
        if key not in self._views:
            self._views[key] = self._seen_by(self._nodes[node], family)
        return self._views[key]

    def for_a_run(self) -> "Proxies":
        """The same, to be changed while one run goes on."""
        made = copy(self)
        made._views = dict(self._views)
        return made

    def show(self, node: str, endpoints: Mapping[ServicePort, Endpoints]) -> None:
        """Let a node's view be about these endpoints from now on."""
        self._views[node, 4] = replace(self.view(node), seen=endpoints)

    def decide(self, node: str, packet: Packet) -> Decision:
        """What this node's rules make of a packet that comes to it, or that it sends."""
        view = self.view(node, 6 if ":" in packet.destination else 4)
        return cast(Decision, MODES[self.mode].decide(view, packet))

    def translating(self, own: str, packet: Packet) -> tuple[str, Decision] | None:
        """The node that has a rule about a packet, and what it decides; None where none has.

        The rules of the sender's ``own`` node (empty outside) come first, then those of the node
        that the packet is addressed to.
        """
        for node in (own, self._owners.get(packet.destination, "")):
            decision = self.decide(node, packet) if node else None
            if decision is not None and decision.action != Action.NONE:
                return node, decision
        return None

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {a: node.name for node in self.cluster.nodes for a in node.addresses}

    @cached_property
    def _node_addresses(self) -> frozenset[str]:
        return frozenset(self._owners)

    def _seen_by(self, node: Node, family: int) -> NodeView:
        return NodeView(
            name=node.name,
            zone=node.zone or "",
            addresses=tuple(a for a in node.addresses if _family(a) == family),
            pod_networks=_networks(node.pod_networks, family),
            settings=self._settings[family],
            services=self.table(family),
            pods=frozenset(self._pods.get(node.name, ())),
            nodes=self._node_addresses,
        )

    @cached_property
    def _pods(self) -> dict[str, set[str]]:
        """The addresses of the Pods on each node, as Pods and slices have them."""
        found: dict[str, set[str]] = {}
        for pod in self.cluster.pods:
            if not pod.spec.host_network:
                found.setdefault(pod.node_name, set()).add(pod.ip)
        for slice_ in self.cluster.endpoint_slices:
            for entry in slice_.endpoints:
                if entry.node_name and entry.addresses[0] not in self._owners:
                    found.setdefault(entry.node_name, set()).add(entry.addresses[0])
        return found

    @cached_property
    def _settings(self) -> dict[int, Settings]:
        return {family: self._configured(family) for family in (4, 6)}

    def _configured(self, family: int) -> Settings:
        configuration = self.cluster.kube_proxy
        ranges = [text for it in self.cluster.service_cidrs for text in it.spec.cidrs]
        # Whoever asks an unknown mode for something refuses it.
        usual = MODES[self.mode].NODE_PORT_ADDRESSES if self.mode in MODES else None
        addresses = configuration.node_port_addresses or usual
        return Settings(
            masquerade_all=configuration.masquerades_all(self.mode),
            detect_local=cast(LocalMode, configuration.detect_local_mode),
            cluster_networks=_networks(configuration.cluster_networks, family),
            node_port_addresses=_of_node_ports(addresses or (), family),
            localhost_node_ports=configuration.iptables.localhost_node_ports,
            service_networks=_networks(tuple(ranges), family),
            scheduler=configuration.ipvs.scheduler or "rr",
            algorithm=configuration.ebpf.algorithm,
        )


def _of_node_ports(addresses: tuple[str, ...], family: int) -> NodePortAddresses:
    """Every address, where nothing of this family is asked for."""
    if "primary" in addresses:
        return ("primary",)
    return _networks(addresses, family) or None


def _family(address: str) -> int:
    return 6 if ":" in address else 4


def _networks(texts: tuple[str, ...], family: int) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts if _family(text) == family)


def _name(service: Service, port: Port) -> str:
    """As kube-proxy writes a Service port: ``namespace/name:port``, or without a port's name."""
    return f"{service.key}:{port.name}".removesuffix(":")


def _service_ports(
    service: Service, slices: Sequence[EndpointSlice], family: int, hosts: Container[str]
) -> Iterator[ServicePort]:
    """What kube-proxy knows of a Service's ports, if it has an address of this family.

    ``hosts`` are the addresses of nodes.
    """
    address = next((a for a in service.cluster_ips if a and _family(a) == family), None)
    if address is None:
        return
    reached_from_outside = service.type != "ClusterIP" or service.spec.external_ips
    external_local = service.external_traffic_policy == "Local" and bool(reached_from_outside)
    health_check = external_local and service.type == "LoadBalancer"
    for port in service.ports:
        yield ServicePort(
            name=_name(service, port),
            protocol=port.protocol,
            cluster_ip=address,
            port=port.port,
            endpoints=Endpoints(_endpoints(slices, port, family, hosts)),
            node_port=port.node_port or 0,
            external_ips=tuple(a for a in service.spec.external_ips if _family(a) == family),
            load_balancer_ips=tuple(a for a in service.virtual_ips if _family(a) == family),
            source_ranges=_networks(service.spec.load_balancer_source_ranges, family),
            health_check_node_port=service.spec.health_check_node_port if health_check else 0,
            external_local=external_local,
            internal_local=service.internal_traffic_policy == "Local",
            affinity_s=service.affinity_s,
        )


def _endpoints(
    slices: Sequence[EndpointSlice], port: Port, family: int, hosts: Container[str]
) -> Iterator[Endpoint]:
    """The endpoints of a Service port in its slices, given in the order of their names.

    Like kube-proxy, the slice's port of the same name and protocol counts, and the first address of
    each entry.
    """
    for slice_ in slices:
        for at in slice_.ports:
            if (at.name, at.protocol) != (port.name, port.protocol) or at.port is None:
                continue
            for entry in sorted(slice_.endpoints, key=lambda its: ",".join(its.addresses)):
                if _family(entry.addresses[0]) == family:
                    yield Endpoint(
                        entry.addresses[0], at.port, entry.node_name or "",
                        entry.ready, entry.serving, entry.terminating,
                        frozenset(hint.name for hint in entry.hints.for_nodes),
                        frozenset(hint.name for hint in entry.hints.for_zones),
                        entry.addresses[0] in hosts,
                    )  # fmt: skip
