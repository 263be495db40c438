"""Service (v1)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from emu.scenario.fields import AddressText, Name, Port, Whole, is_ipv4
from emu.scenario.kubernetes.objects import Block, KubernetesObject, Metadata, Protocol

Policy = Literal["Cluster", "Local"]
HEADLESS = "None"


def _cluster_ip(text: str) -> str:
    if text not in ("", HEADLESS) and not is_ipv4(text):
        raise ValueError("must be an IPv4 address, or None for a headless Service")
    return text


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

    timeout_seconds: int = 10_800


class SessionAffinityConfig(Block):
    """The options of a session affinity."""

    client_ip: ClientIP = ClientIP()


class ServiceSpec(Block):
    """The spec of a Service."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] = "ClusterIP"
    cluster_ip: Annotated[str, AfterValidator(_cluster_ip)] = ""
    selector: dict[str, str] = Field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()
    external_ips: tuple[str, ...] = ()
    external_traffic_policy: Policy = "Cluster"
    internal_traffic_policy: Policy = "Cluster"
    publish_not_ready_addresses: bool = False
    session_affinity: Literal["None", "ClientIP"] = "None"
    session_affinity_config: SessionAffinityConfig = SessionAffinityConfig()
    allocate_load_balancer_node_ports: bool = True
    load_balancer_ip: AddressText | None = None
    load_balancer_source_ranges: tuple[str, ...] = ()


class Ingress(Block):
    """An address at which a load balancer answers for a Service."""

    ip: str = ""
    hostname: str = ""


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
