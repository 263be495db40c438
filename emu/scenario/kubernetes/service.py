"""Service (v1)."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from emu.scenario.fields import AddressText, Name, Port, Whole, is_ipv4
from emu.scenario.kubernetes.objects import Block, KubernetesObject, Metadata, Protocol, selects

Policy = Literal["Cluster", "Local"]
TrafficDistribution = Literal["PreferSameZone", "PreferSameNode", "PreferClose"]
HEADLESS = "None"


def _cluster_ip(text: str) -> str:
    if text in ("", HEADLESS):
        return text
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("must be an IP address, or None for a headless Service") from None


def _networks(ranges: tuple[str, ...]) -> tuple[str, ...]:
    """Spaces around a range are passed over, and so are its host bits, as kube-proxy has it."""
    try:
        return tuple(str(ip_network(text.strip(), strict=False)) for text in ranges)
    except ValueError:
        raise ValueError("must be networks such as 198.51.100.0/24") from None


ClusterIP = Annotated[str, AfterValidator(_cluster_ip)]


class ServicePort(Block):
    """A port of a Service."""

    name: str = ""
    protocol: Protocol = "TCP"
    port: Port
    given_target_port: Annotated[
        Port | Annotated[str, Strict()] | None, Field(alias="targetPort")
    ] = None
    node_port: Annotated[Whole, Field(ge=0, le=65535)] | None = None

    @property
    def target_port(self) -> int | str:
        """The Pods' port, by number or by the name of a container port; ``port`` by default."""
        return self.given_target_port or self.port


class ClientIP(Block):
    """How long a client stays with its endpoint."""

    timeout_seconds: Annotated[Whole, Field(gt=0, le=86_400)] = 10_800


class SessionAffinityConfig(Block):
    """The options of a session affinity."""

    client_ip: ClientIP = ClientIP()


class ServiceSpec(Block):
    """The spec of a Service."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] = "ClusterIP"
    cluster_ip: ClusterIP = ""
    cluster_ips: tuple[ClusterIP, ...] = ()
    selector: dict[str, str] = Field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()
    external_ips: tuple[AddressText, ...] = ()
    external_traffic_policy: Policy = "Cluster"
    internal_traffic_policy: Policy = "Cluster"
    traffic_distribution: TrafficDistribution | None = None
    publish_not_ready_addresses: bool = False
    session_affinity: Literal["None", "ClientIP"] = "None"
    session_affinity_config: SessionAffinityConfig = SessionAffinityConfig()
    allocate_load_balancer_node_ports: bool = True
    load_balancer_ip: AddressText | None = None
    load_balancer_source_ranges: Annotated[tuple[str, ...], AfterValidator(_networks)] = ()
    health_check_node_port: Annotated[Whole, Field(ge=0, le=65535)] = 0


class Ingress(Block):
    """An address at which a load balancer answers for a Service."""

    ip: AddressText | Literal[""] = ""
    hostname: str = ""
    ip_mode: Literal["VIP", "Proxy"] = "VIP"


class LoadBalancerStatus(Block):
    """What a cloud gave to a Service."""

    ingress: tuple[Ingress, ...] = ()


class ServiceStatus(Block):
    """The status of a Service."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class ServiceMetadata(Metadata):
    """The metadata of a Service: its name is a part of domain names, so it has no dots."""

    name: Name


class Service(KubernetesObject):
    """A Service."""

    metadata: ServiceMetadata
    api_version: Literal["v1"] = Field()
    kind: Literal["Service"] = Field()
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()

    @property
    def type(self) -> str:
        """ClusterIP, NodePort or LoadBalancer."""
        return self.spec.type

    @property
    def headless(self) -> bool:
        """Whether it has no address of its own: its name stands for the Pods' addresses."""
        return self.spec.cluster_ip == HEADLESS

    @property
    def cluster_ip(self) -> str | None:
        """Its virtual address; None when it is headless."""
        return None if self.headless else self.spec.cluster_ip

    @property
    def cluster_ips(self) -> tuple[str, ...]:
        """Its virtual addresses, one for each family that it has; none when it is headless."""
        if self.headless:
            return ()
        return self.spec.cluster_ips or (self.spec.cluster_ip,)

    @property
    def virtual_ips(self) -> tuple[str, ...]:
        """Addresses of its cloud load balancer that a node takes for the Service's own."""
        return tuple(i.ip for i in self.status.load_balancer.ingress if i.ip and i.ip_mode == "VIP")

    def selects(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether Pods there with these labels are behind it; none are without a selector."""
        here = bool(self.selector) and namespace == self.namespace
        return here and selects(self.selector, labels)

    @property
    def affinity_s(self) -> int:
        """Seconds for which a client keeps its endpoint; 0 without session affinity."""
        if self.spec.session_affinity == "None":
            return 0
        return self.spec.session_affinity_config.client_ip.timeout_seconds

    @property
    def selector(self) -> dict[str, str]:
        """The labels of its Pods; where it is empty, somebody else writes its EndpointSlices."""
        return self.spec.selector

    @property
    def ports(self) -> tuple[ServicePort, ...]:
        """Its ports."""
        return self.spec.ports

    @property
    def external_traffic_policy(self) -> Policy:
        """Which endpoints traffic from outside may use."""
        return self.spec.external_traffic_policy

    @property
    def internal_traffic_policy(self) -> Policy:
        """Which endpoints traffic from inside may use."""
        return self.spec.internal_traffic_policy

    @property
    def load_balancer_ips(self) -> tuple[str, ...]:
        """The IPv4 addresses of its cloud load balancer: those of its status, else of its spec."""
        given = tuple(i.ip for i in self.status.load_balancer.ingress if is_ipv4(i.ip))
        if not given and self.spec.load_balancer_ip is not None:
            return (self.spec.load_balancer_ip,)
        return given
