"""Node (v1)."""

from typing import Literal

from pydantic import Field

from emu.scenario.fields import NetworkText, is_ipv4
from emu.scenario.kubernetes.objects import Block, KubernetesObject, Resources

ZONE_LABEL = "topology.kubernetes.io/zone"
PROVISIONING = "emu/provisioning"
"""The annotation of a node that is not there yet: in how many nanoseconds it can be."""
DEFAULT_CPU = 4.0
MOST_PODS = 110
"""The kubelet's default for maxPods."""


class Taint(Block):
    """What keeps Pods away that do not tolerate it."""

    key: str
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


class NodeSpec(Block):
    """The spec of a Node."""

    pod_cidr: NetworkText | None = None
    pod_cidrs: tuple[NetworkText, ...] = ()
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeAddress(Block):
    """One of a Node's addresses."""

    type: str
    address: str


class NodeStatus(Block):
    """The status of a Node."""

    addresses: tuple[NodeAddress, ...] = ()
    capacity: Resources = Resources()
    allocatable: Resources = Resources()


class Node(KubernetesObject):
    """A machine of the cluster."""

    api_version: Literal["v1"] = Field()
    kind: Literal["Node"] = Field()
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def address(self) -> str:
        """Its InternalIP, the first IPv4 one; empty where it has none."""
        for found in self.status.addresses:
            if found.type == "InternalIP" and is_ipv4(found.address):
                return found.address
        return ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All its addresses, InternalIPs first."""
        order = ("InternalIP", "ExternalIP")
        found = [a for a in self.status.addresses if a.type in order and a.address]
        return tuple(a.address for a in sorted(found, key=lambda a: order.index(a.type)))

    @property
    def pod_networks(self) -> tuple[str, ...]:
        """The networks of its Pods, one for each family that it has."""
        given = (self.spec.pod_cidr, *self.spec.pod_cidrs)
        return tuple(dict.fromkeys(text for text in given if text))

    @property
    def pod_cidr(self) -> str:
        """The IPv4 network of its Pods; empty where it has none."""
        return next((text for text in self.pod_networks if ":" not in text), "")

    @property
    def zone(self) -> str | None:
        """Its zone."""
        return self.labels.get(ZONE_LABEL)

    @property
    def provisioning(self) -> int | None:
        """How long it takes until it has joined, in nanoseconds; None where it is there already."""
        stated = self.metadata.annotations.get(PROVISIONING)
        return None if stated is None else int(stated)

    @property
    def cpu(self) -> float:
        """Cores that Pods may use: the allocatable ones, else all; 4 where nothing is said."""
        return self.status.allocatable.cpu or self.status.capacity.cpu or DEFAULT_CPU

    @property
    def cores(self) -> float:
        """Cores that it has, for Pods and all else: its capacity, else what Pods may use."""
        return self.status.capacity.cpu or self.cpu

    @property
    def memory(self) -> int | None:
        """Bytes of memory that Pods may ask for: the allocatable ones, else all; None where nothing
        is said."""
        return self.status.allocatable.memory or self.status.capacity.memory

    @property
    def most_pods(self) -> int:
        """How many Pods it takes; 110 where nothing is said, as the kubelet has it."""
        pods = self.status.allocatable.pods
        return MOST_PODS if pods is None else pods
