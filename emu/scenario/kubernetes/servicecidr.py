"""ServiceCIDR (networking.k8s.io/v1)."""

from typing import Literal

from pydantic import Field

from emu.scenario.fields import NetworkText
from emu.scenario.kubernetes.objects import Block, KubernetesObject


class ServiceCIDRSpec(Block):
    """The spec of a ServiceCIDR."""

    cidrs: tuple[NetworkText, ...] = ()


class ServiceCIDR(KubernetesObject):
    """Networks that ClusterIPs are taken from."""

    api_version: Literal["networking.k8s.io/v1"] = Field()
    kind: Literal["ServiceCIDR"] = Field()
    spec: ServiceCIDRSpec = ServiceCIDRSpec()
