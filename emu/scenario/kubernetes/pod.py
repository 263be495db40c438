"""Pod (v1), and the template of Pods in a Deployment."""

from collections.abc import Sequence
from typing import Literal, TypeVar

from pydantic import Field, model_validator

from emu.scenario.fields import AddressText, Port
from emu.scenario.kubernetes.node import Taint
from emu.scenario.kubernetes.objects import Block, KubernetesObject, Protocol, Resources
from emu.scenario.kubernetes.probe import Lifecycle, Probe, Seconds

Amount = TypeVar("Amount", int, float)
"""Of CPU or memory."""


class ContainerPort(Block):
    """A port that a container declares."""

    name: str = ""
    container_port: Port
    protocol: Protocol = "TCP"


class ContainerResources(Block):
    """What a container asks for, and what it may use."""

    requests: Resources = Resources()
    limits: Resources = Resources()

    @model_validator(mode="after")
    def _within_limits(self) -> "ContainerResources":
        for name in ("cpu", "memory"):
            request, limit = getattr(self.requests, name), getattr(self.limits, name)
            if request and limit and request > limit:
                raise ValueError(f"must not have requests.{name} above limits.{name}")
        return self


class Container(Block):
    """A container of a Pod."""

    name: str = ""
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    resources: ContainerResources = ContainerResources()
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle = Lifecycle()

    @property
    def cpu_request(self) -> float | None:
        """Cores that it asks for: its limit where that is all it states (so the API server)."""
        return self.resources.requests.cpu or self.resources.limits.cpu

    @property
    def memory_request(self) -> int | None:
        """Bytes of memory that it asks for, likewise."""
        return self.resources.requests.memory or self.resources.limits.memory


class Toleration(Block):
    """A taint that a Pod bears."""

    key: str = ""
    operator: Literal["Equal", "Exists"] = "Equal"
    value: str = ""
    effect: str = ""

    def bears(self, taint: Taint) -> bool:
        """Whether it holds for this taint; an empty key or effect holds for each."""
        if self.effect not in ("", taint.effect) or self.key not in ("", taint.key):
            return False
        return self.operator == "Exists" or (self.key != "" and self.value == taint.value)


class PodSpec(Block):
    """The spec of a Pod."""

    node_name: str = ""
    host_network: bool = False
    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    containers: tuple[Container, ...] = ()
    termination_grace_period_seconds: Seconds = 30

    @property
    def server(self) -> Container:
        """The container that serves: the first."""
        return self.containers[0] if self.containers else Container()

    @property
    def probed(self) -> bool:
        """Whether the kubelet asks the container that serves how it is."""
        its = self.server
        return bool(its.readiness_probe or its.liveness_probe or its.startup_probe)

    @property
    def cpu_request(self) -> float:
        """Cores that its containers ask for together."""
        return sum(container.cpu_request or 0.0 for container in self.containers)

    @property
    def memory_request(self) -> int:
        """Bytes of memory that its containers ask for together."""
        return sum(container.memory_request or 0 for container in self.containers)

    @property
    def cpu_limit(self) -> float | None:
        """The most cores that it may use: the sum, if every container has a limit.

        Else the Pod has none, and the first container's own holds, for that is the one that serves.
        Source: Kubernetes, pkg/kubelet/cm (``ResourceConfigForPod``).
        """
        return _limit([container.resources.limits.cpu for container in self.containers])

    @property
    def memory_limit(self) -> int | None:
        """The most bytes of memory that it may use, likewise."""
        return _limit([container.resources.limits.memory for container in self.containers])

    @property
    def states_cpu(self) -> bool:
        """Whether any container says what CPU it asks for or may use."""
        return any(container.cpu_request is not None for container in self.containers)


def _limit(limits: Sequence[Amount | None]) -> Amount | None:
    """That of a Pod, by those of its containers."""
    stated = [limit for limit in limits if limit is not None]
    if len(stated) == len(limits):
        return sum(stated) or None
    return limits[0]


class PodCondition(Block):
    """A condition of a Pod."""

    type: str
    status: str


class PodStatus(Block):
    """The status of a Pod."""

    phase: str = ""
    pod_ip: AddressText | None = None
    conditions: tuple[PodCondition, ...] = ()


class Pod(KubernetesObject):
    """A Pod."""

    api_version: Literal["v1"] = Field()
    kind: Literal["Pod"] = Field()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def node_name(self) -> str:
        """The node that it runs on; empty before it is placed."""
        return self.spec.node_name

    @property
    def ip(self) -> str:
        """Its address; empty before it has one."""
        return self.status.pod_ip or ""

    @property
    def container_ports(self) -> tuple[ContainerPort, ...]:
        """The ports that its containers declare, in their order."""
        return declared_ports(self.spec.containers)

    @property
    def cpu_request(self) -> float:
        """Cores that it asks for."""
        return self.spec.cpu_request

    @property
    def cpu_limit(self) -> float | None:
        """The most cores that it may use; None where there is no limit."""
        return self.spec.cpu_limit

    @property
    def memory_limit(self) -> int | None:
        """The most bytes of memory that it may use; None where there is no limit."""
        return self.spec.memory_limit

    @property
    def states_cpu(self) -> bool:
        """Whether it says anything of CPU."""
        return self.spec.states_cpu

    @property
    def ready(self) -> bool:
        """Its condition Ready; a Pod that has no such condition counts as ready."""
        return all(found.status == "True" for found in self.status.conditions
                   if found.type == "Ready")  # fmt: skip

    @property
    def terminating(self) -> bool:
        """Whether it is being deleted."""
        return self.metadata.deletion_timestamp is not None

    @property
    def over(self) -> bool:
        """Whether its containers have ended for good."""
        return self.status.phase in ("Succeeded", "Failed")


def declared_ports(containers: Sequence[Container]) -> tuple[ContainerPort, ...]:
    """The ports that containers declare, in their order."""
    return tuple(port for container in containers for port in container.ports)


class TemplateMetadata(Block):
    """The metadata that a template gives to its Pods."""

    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class PodTemplate(Block):
    """What the Pods of a Deployment are like."""

    metadata: TemplateMetadata = TemplateMetadata()
    spec: PodSpec = PodSpec()
