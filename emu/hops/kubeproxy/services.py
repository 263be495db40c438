"""What kube-proxy knows of Services: their ports, and by which addresses packets reach them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple, TypeAlias

from emu.hops.endpoints import Endpoints

Network: TypeAlias = IPv4Network | IPv6Network


class Entry(IntEnum):
    """The address by which a packet reaches a Service."""

    CLUSTER_IP = 0
    NODE_PORT = 1
    EXTERNAL_IP = 2
    LOAD_BALANCER_IP = 3

    @property
    def spoken(self) -> str:
        """As kube-proxy's comments have it."""
        return ("cluster IP", "node port", "external IP", "loadbalancer IP")[self]


@dataclass(frozen=True, eq=False)
class ServicePort:
    """One port of a Service, in one address family.

    ``name`` is ``namespace/name:port``, or without the port's name where it has none;
    ``load_balancer_ips`` are those of ipMode VIP, the only ones that kube-proxy answers for;
    ``affinity_s`` is for how long a client keeps its endpoint, 0 without session affinity. Numbers
    that do not apply are 0.
    """

    name: str
    protocol: str
    cluster_ip: str
    port: int
    endpoints: Endpoints
    node_port: int = 0
    external_ips: tuple[str, ...] = ()
    load_balancer_ips: tuple[str, ...] = ()
    source_ranges: tuple[Network, ...] = ()
    health_check_node_port: int = 0
    external_local: bool = False
    internal_local: bool = False
    affinity_s: int = 0

    @property
    def family(self) -> int:
        """4 or 6: the address family."""
        return 6 if ":" in self.cluster_ip else 4

    @property
    def external(self) -> bool:
        """Whether it can be reached by another address than its ClusterIP."""
        return bool(self.node_port or self.external_ips or self.load_balancer_ips)

    @property
    def addresses(self) -> int:
        """How many addresses it has, which rules of its own are about."""
        return 1 + len(self.external_ips) + len(self.load_balancer_ips)

    @property
    def uses_cluster(self) -> bool:
        """Whether endpoints of the policy ``Cluster`` are ever used.

        Traffic from Pods and from the node itself to external addresses is under it always.
        """
        return self.external or not self.internal_local

    @property
    def uses_local(self) -> bool:
        """Whether endpoints of the policy ``Local`` are ever used."""
        return self.internal_local or (self.external_local and self.external)


class Front(NamedTuple):
    """A Service port, and the kind of address by which it was reached."""

    service: ServicePort
    entry: Entry


class Size(NamedTuple):
    """How many Service ports, and how many endpoints of theirs."""

    services: int
    endpoints: int


class Ahead(NamedTuple):
    """How many addresses and how many NodePorts the Service ports before one have."""

    addresses: int
    node_ports: int

    def and_those_of(self, service: ServicePort) -> "Ahead":
        """What stands before the next one."""
        return Ahead(self.addresses + service.addresses, self.node_ports + bool(service.node_port))


@dataclass
class ServiceTable:
    """Service ports by what a packet is addressed to; of two at one address the first counts.

    ``ahead`` has what stands before each of them in a list, ``everything`` what all of them have.
    """

    ports: tuple[ServicePort, ...] = ()
    by_address: dict[tuple[str, str, int], Front] = field(default_factory=dict)
    by_node_port: dict[tuple[str, int], Front] = field(default_factory=dict)
    by_health_check: dict[int, list[ServicePort]] = field(default_factory=dict)
    cluster_ips: set[str] = field(default_factory=set)
    external_ips: set[str] = field(default_factory=set)
    load_balancer_ips: set[str] = field(default_factory=set)
    ahead: dict[ServicePort, Ahead] = field(default_factory=dict)
    everything: Ahead = field(default_factory=lambda: Ahead(0, 0))

    @classmethod
    def of(cls, ports: Iterable[ServicePort]) -> "ServiceTable":
        """The table of these Service ports."""
        table = cls(tuple(ports))
        for service in table.ports:
            table.cluster_ips.add(service.cluster_ip)
            table.external_ips.update(service.external_ips)
            table.load_balancer_ips.update(service.load_balancer_ips)
            if service.health_check_node_port:
                table.by_health_check.setdefault(service.health_check_node_port, []).append(service)
            for entry, addresses in (
                (Entry.CLUSTER_IP, (service.cluster_ip,)),
                (Entry.EXTERNAL_IP, service.external_ips),
                (Entry.LOAD_BALANCER_IP, service.load_balancer_ips),
            ):
                for address in addresses:
                    key = (address, service.protocol, service.port)
                    table.by_address.setdefault(key, Front(service, entry))
            table.ahead[service] = table.everything
            table.everything = table.everything.and_those_of(service)
            if service.node_port:
                key_of_port = (service.protocol, service.node_port)
                table.by_node_port.setdefault(key_of_port, Front(service, Entry.NODE_PORT))
        return table
