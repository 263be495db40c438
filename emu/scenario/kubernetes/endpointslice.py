"""EndpointSlice (discovery.k8s.io/v1)."""

from typing import Annotated, Literal

from pydantic import Field

from emu.scenario.fields import AddressText, Port
from emu.scenario.kubernetes.objects import Block, KubernetesObject, Protocol

SERVICE_LABEL = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"


class EndpointPort(Block):
    """A port at which every endpoint of the slice answers."""

    name: str = ""
    protocol: Protocol = "TCP"
    port: Port | None = None
    """None stands for every port, which kube-proxy passes over."""


class EndpointConditions(Block):
    """The conditions of an endpoint as written; see `Endpoint` for how unset ones are read."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetReference(Block):
    """The object that an endpoint stands for."""

    kind: str = ""
    namespace: str = ""
    name: str = ""


class Hint(Block):
    """A place that an endpoint is meant for."""

    name: str


class EndpointHints(Block):
    """Which nodes and zones should use an endpoint (``trafficDistribution``, topology hints)."""

    for_nodes: tuple[Hint, ...] = ()
    for_zones: tuple[Hint, ...] = ()


class Endpoint(Block):
    """One endpoint: usually a Pod."""

    addresses: Annotated[tuple[AddressText, ...], Field(min_length=1)]
    conditions: EndpointConditions = EndpointConditions()
    node_name: str | None = None
    zone: str | None = None
    target_ref: TargetReference | None = None
    hints: EndpointHints = EndpointHints()

    @property
    def ready(self) -> bool:
        """Whether it takes new connections; unset counts as ready."""
        return self.conditions.ready is not False

    @property
    def serving(self) -> bool:
        """Whether it would take connections, ending or not; unset counts as serving."""
        return self.conditions.serving is not False

    @property
    def terminating(self) -> bool:
        """Whether it is being deleted; unset counts as not."""
        return self.conditions.terminating is True


class EndpointSlice(KubernetesObject):
    """Some endpoints of a Service."""

    api_version: Literal["discovery.k8s.io/v1"] = Field()
    kind: Literal["EndpointSlice"] = Field()
    address_type: Literal["IPv4", "IPv6", "FQDN"] = "IPv4"
    ports: tuple[EndpointPort, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def service(self) -> str:
        """The Service it belongs to, as ``namespace/name``; empty where its label is missing."""
        name = self.labels.get(SERVICE_LABEL, "")
        return f"{self.namespace}/{name}" if name else ""
