"""A node as its kube-proxy has it: addresses, settings and Services, in one address family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from typing import Literal, NamedTuple, TypeAlias

from emu.hops.endpoints import Endpoints, Usable
from emu.hops.kubeproxy.services import Network, ServicePort, ServiceTable

LocalMode: TypeAlias = Literal["ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"]


NodePortAddresses: TypeAlias = tuple[Network | Literal["primary"], ...] | None


class Settings(NamedTuple):
    """KubeProxyConfiguration, as far as it decides about packets; the same on every node.

    ``node_port_addresses`` None stands for every address of a node, ``"primary"`` in it for the
    first of a node. ``service_networks`` are the ServiceCIDRs,
    ``scheduler`` is that of the mode ipvs, ``algorithm`` that of ebpf.
    """

    masquerade_all: bool = False
    detect_local: LocalMode = "ClusterCIDR"
    cluster_networks: tuple[Network, ...] = ()
    node_port_addresses: NodePortAddresses = None
    localhost_node_ports: bool = True
    service_networks: tuple[Network, ...] = ()
    scheduler: str = "rr"
    algorithm: str = "random"


class Packet(NamedTuple):
    """The first packet of a connection, as it comes to a node or leaves a process on it."""

    protocol: str
    source: str
    destination: str
    port: int


@dataclass(frozen=True, eq=False)
class NodeView:
    """One node's view; ``addresses`` are its own, the primary one first, without loopback.

    ``pods`` are the addresses of the Pods on it, as far as they are known, and ``nodes`` those of
    all nodes; the mode ebpf alone goes by them. ``seen`` has the endpoints of Service ports where
    they are others than at first.
    """

    name: str
    zone: str
    addresses: tuple[str, ...]
    pod_networks: tuple[Network, ...]
    settings: Settings
    services: ServiceTable
    pods: frozenset[str] = frozenset()
    nodes: frozenset[str] = frozenset()
    seen: Mapping[ServicePort, Endpoints] = field(default_factory=dict)

    def usable(self, service: ServicePort) -> Usable:
        """Which endpoints of a Service port may be used here."""
        return self.seen.get(service, service.endpoints).usable(self.name, self.zone)

    def owns(self, address: str) -> bool:
        """Whether an address is this node's own (``--dst-type LOCAL``)."""
        return address in self.addresses or is_loopback(address)

    def hosts(self, address: str) -> bool:
        """Whether a sender is the node itself or a Pod on it.

        A Pod that nobody names is told by the node's podCIDR, or, if it has none, like any Pod.
        """
        if self.owns(address) or address in self.pods:
            return True
        return within(address, self.pod_networks or self.local_networks or ())

    @cached_property
    def local_networks(self) -> tuple[Network, ...] | None:
        """Where Pods' addresses are, as the detector of local traffic has it; None without one.

        Of several of one family kube-proxy takes the first. A bridge or interface is taken for the
        network of the Pods behind it.
        """
        if self.settings.detect_local != "ClusterCIDR":
            return self.pod_networks[:1] or None
        return self.settings.cluster_networks[:1] or None

    def detects_pod(self, address: str) -> bool:
        """Whether traffic from there counts as that of a Pod."""
        return within(address, self.local_networks or ())

    @cached_property
    def node_port_addresses(self) -> tuple[str, ...] | None:
        """The addresses that answer on NodePorts; None for all of the node's own.

        Loopback addresses are in it where they are asked for.
        """
        asked = self.settings.node_port_addresses
        if asked is None or any(n != "primary" and n.prefixlen == 0 for n in asked):
            return None
        if "primary" in asked:
            return self.addresses[:1]
        networks = [network for network in asked if network != "primary"]
        own = (*self.addresses, _LOOPBACK)
        return tuple(address for address in own if within(address, networks))


_LOOPBACK = "127.0.0.1"


def is_loopback(address: str) -> bool:
    """Whether packets there never leave their host."""
    return address.startswith("127.") or address == "::1"


def within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    if not networks:
        return False
    parsed = ip_address(address)
    return any(parsed.version == n.version and parsed in n for n in networks)
