"""Kubernetes' own objects, as far as the emulator reads them: one file a kind.

Field names, structure and defaults are those of the Kubernetes API; fields that are not read are
accepted and left out. Properties answer what the rest of the emulator asks.
"""

from typing import Final

from emu.scenario.kubernetes.autoscaler import HorizontalPodAutoscaler
from emu.scenario.kubernetes.deployment import Deployment
from emu.scenario.kubernetes.endpointslice import Endpoint, EndpointPort, EndpointSlice
from emu.scenario.kubernetes.kubeproxy import KubeProxyConfiguration
from emu.scenario.kubernetes.node import Node
from emu.scenario.kubernetes.objects import Block, KubernetesObject, selects
from emu.scenario.kubernetes.pod import ContainerPort, Pod
from emu.scenario.kubernetes.service import Service, ServicePort
from emu.scenario.kubernetes.servicecidr import ServiceCIDR

KINDS: Final[dict[tuple[str, str], type[Block]]] = {
    ("v1", "Node"): Node,
    ("v1", "Service"): Service,
    ("v1", "Pod"): Pod,
    ("discovery.k8s.io/v1", "EndpointSlice"): EndpointSlice,
    ("apps/v1", "Deployment"): Deployment,
    ("autoscaling/v2", "HorizontalPodAutoscaler"): HorizontalPodAutoscaler,
    ("networking.k8s.io/v1", "ServiceCIDR"): ServiceCIDR,
    ("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration"): KubeProxyConfiguration,
}
"""The kinds that are read, by ``apiVersion`` and ``kind``."""

__all__ = [
    "KINDS",
    "Block",
    "ContainerPort",
    "Deployment",
    "Endpoint",
    "EndpointPort",
    "EndpointSlice",
    "HorizontalPodAutoscaler",
    "KubeProxyConfiguration",
    "KubernetesObject",
    "Node",
    "Pod",
    "Service",
    "ServiceCIDR",
    "ServicePort",
    "selects",
]
