"""EndpointSlices as the endpointslice controller derives them from a Service's selector.

Source: kubernetes/kubernetes, pkg/controller/endpointslice and staging/src/k8s.io/endpointslice.
Hints are those of ``trafficDistribution``; those of the annotation ``topology-mode: Auto`` are left
out.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from emu.scenario.kubernetes import EndpointSlice, Pod, Service, ServicePort, selects
from emu.scenario.kubernetes.endpointslice import MANAGED_BY_LABEL, SERVICE_LABEL

MOST_ENDPOINTS: Final = 100
"""kube-controller-manager's default for --max-endpoints-per-slice."""

_Ports = tuple[tuple[str, str, int], ...]


class Hints(NamedTuple):
    """The nodes and zones that an endpoint is meant for."""

    nodes: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


def hints(service: Service, ready: bool, node: str, zone: str | None) -> Hints:
    """What a Service's ``trafficDistribution`` says of an endpoint in this place.

    Source: staging/src/k8s.io/endpointslice/trafficdist.
    """
    preferred = service.spec.traffic_distribution
    if preferred is None or not ready:
        return Hints()
    zones = (zone,) if zone else ()
    return Hints((node,) if preferred == "PreferSameNode" else (), zones)


def derived(
    service: Service,
    pods: Sequence[Pod],
    zones: Mapping[str, str | None],
    taken: Container[str] = (),
) -> Iterator[EndpointSlice]:
    """The slices of a Service with a selector; one empty slice where it selects no Pod.

    Pods at which the Service's ports have other numbers (named target ports) have slices of their
    own. ``zones`` gives the zone of each node, ``taken`` the names that other slices of the
    namespace have.
    """
    groups: dict[_Ports, list[dict[str, Any]]] = {}
    for pod in pods:
        if selects(service.selector, pod.labels) and pod.ip:
            ports = tuple(_resolved(service.ports, pod))
            groups.setdefault(ports, []).append(_endpoint(service, pod, zones))
    free = (name for n in count(1) if (name := f"{service.name}-{n}") not in taken)
    for ports, endpoints in groups.items() or (((), []),):
        for first in range(0, max(len(endpoints), 1), MOST_ENDPOINTS):
            yield _slice(service, next(free), ports, endpoints[first : first + MOST_ENDPOINTS])


def target_port(port: ServicePort, pod: Pod) -> int | None:
    """The number of a Service's target port at a Pod; None where the Pod has no such name."""
    if isinstance(port.target_port, int):
        return port.target_port
    for declared in pod.container_ports:
        if declared.name == port.target_port and declared.protocol == port.protocol:
            return declared.container_port
    return None


def _resolved(ports: Sequence[ServicePort], pod: Pod) -> Iterator[tuple[str, str, int]]:
    for port in ports:
        number = target_port(port, pod)
        if number is not None:
            yield port.name, port.protocol, number


def _endpoint(service: Service, pod: Pod, zones: Mapping[str, str | None]) -> dict[str, Any]:
    serving = pod.ready or service.spec.publish_not_ready_addresses
    ready = serving and not pod.terminating
    zone = zones.get(pod.node_name)
    for_nodes, for_zones = hints(service, ready, pod.node_name, zone)
    return {
        "addresses": [pod.ip],
        "conditions": {"ready": ready, "serving": serving, "terminating": pod.terminating},
        "nodeName": pod.node_name or None,
        "zone": zone,
        "hints": {
            "forNodes": [{"name": name} for name in for_nodes],
            "forZones": [{"name": name} for name in for_zones],
        },
        "targetRef": {"kind": "Pod", "namespace": pod.namespace, "name": pod.name},
    }


def _slice(
    service: Service, name: str, ports: _Ports, endpoints: list[dict[str, Any]]
) -> EndpointSlice:
    return EndpointSlice.model_validate(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": name,
                "namespace": service.namespace,
                "labels": {
                    SERVICE_LABEL: service.name,
                    MANAGED_BY_LABEL: "endpointslice-controller.k8s.io",
                },
            },
            "addressType": "IPv4",
            "ports": [{"name": of_port, "protocol": protocol, "port": port}
                      for of_port, protocol, port in ports],
            "endpoints": endpoints,
        }
    )  # fmt: skip
