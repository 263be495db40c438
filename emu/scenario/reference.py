"""What a description leaves out altogether comes from the reference cluster (``reference.yaml``).

- No Node and no node pool: the two reference nodes.
- No Service, Pod, Deployment or EndpointSlice: the reference Service ``web`` and its two Pods;
  where Nodes are given, the Pods are placed on these and addressed anew.
- Pods or Deployments but no Service: the reference Service, if its selector (``app: web``) selects
  one of them; else none.
- A Service but no Pods: none, for a Service without endpoints is something to look at.

For the Scenario itself, see `completed_spec`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

from emu.scenario import allocation
from emu.scenario.cluster import Cluster
from emu.scenario.description import Client, Listener, LoadBalancer, NodePool, ScenarioSpec
from emu.scenario.documents import objects_in
from emu.scenario.kubernetes import Node, Pod, Service, selects
from emu.units import SECOND

DEFAULT_DURATION = 60 * SECOND
DEFAULT_DOMAIN = "example.com"


@cache
def reference() -> Cluster:
    """The reference cluster."""
    raw = [place.value for place in objects_in(Path(__file__).with_name("reference.yaml"))]
    return Cluster(
        nodes=tuple(Node.model_validate(item) for item in raw if item["kind"] == "Node"),
        pods=tuple(Pod.model_validate(item) for item in raw if item["kind"] == "Pod"),
        services=tuple(Service.model_validate(item) for item in raw if item["kind"] == "Service"),
    )


def with_reference(cluster: Cluster, pools: Sequence[NodePool]) -> Cluster:
    """The cluster with what it lacks altogether."""
    given_nodes = bool(cluster.nodes or pools)
    if not given_nodes:
        cluster = replace(cluster, nodes=reference().nodes)
    if cluster.services or cluster.endpoint_slices:
        return cluster
    if not (cluster.pods or cluster.deployments):
        pods = map(_unplaced, reference().pods) if given_nodes else reference().pods
        return replace(cluster, services=reference().services, pods=tuple(pods))
    (service,) = reference().services
    labels = [pod.labels for pod in cluster.pods if pod.namespace == service.namespace]
    labels += [d.spec.template.metadata.labels for d in cluster.deployments
               if d.namespace == service.namespace]  # fmt: skip
    if any(selects(service.selector, found) for found in labels):
        return replace(cluster, services=(service,))
    return cluster


def _unplaced(pod: Pod) -> Pod:
    return pod.changed(spec={"node_name": ""}, status={"pod_ip": None})


def completed_spec(spec: ScenarioSpec, cluster: Cluster) -> ScenarioSpec:
    """The spec with what it leaves out, for a completed cluster.

    - No load balancer: one for each Service of type LoadBalancer, called ``<service>-lb`` (or
      ``<service>-<namespace>-lb`` where two have one name), at the address that its status or spec
      gives; if there is no such Service, ``edge`` at 192.168.1.1:80 in front of the first one with
      a NodePort.
    - No dns: ``example.com`` is the first load balancer.
    - A client outside without an address or a network of them: 203.0.113.10 and up.
    - Neither duration nor requests: 60 s.

    ``manifests`` and ``nodePools`` are empty afterwards: their content is in the cluster.
    """
    balancers = spec.load_balancers or tuple(_load_balancers(cluster, spec.clients))
    dns = spec.dns or ({DEFAULT_DOMAIN: (balancers[0].address,)} if balancers else {})
    endless = spec.duration is None and spec.requests is None
    return spec.model_copy(
        update={
            "load_balancers": balancers,
            "dns": dns,
            "clients": _addressed(spec.clients),
            "duration": DEFAULT_DURATION if endless else spec.duration,
            "manifests": (),
            "node_pools": (),
        }
    )


def _addressed(clients: Sequence[Client]) -> tuple[Client, ...]:
    taken = (str(client.address) for client in clients if client.address)
    free = allocation.free_addresses([allocation.CLIENTS, allocation.MORE_CLIENTS], taken)

    def addressed(client: Client) -> Client:
        if client.address or client.addresses or client.pod or client.node:
            return client
        return client.model_copy(update={"address": IPv4Address(next(free))})

    return tuple(map(addressed, clients))


def _load_balancers(cluster: Cluster, clients: Sequence[Client]) -> Iterator[LoadBalancer]:
    """The load balancers of a scenario that names none."""
    exposed = [service for service in cluster.services if _node_ports(service)]
    asked = [service for service in exposed if service.type == "LoadBalancer"]
    taken = [node.address for node in cluster.nodes]
    taken += [address for service in asked for address in service.load_balancer_ips]
    taken += [str(client.address) for client in clients if client.address]
    shared = Counter(service.name for service in asked)
    free = allocation.free_addresses([allocation.LOAD_BALANCERS], taken)
    for service in asked:
        address = next(iter(service.load_balancer_ips), None) or next(free)
        listeners = tuple(Listener(port=port, service=service.key, service_port=port)
                          for port in _node_ports(service))  # fmt: skip
        name = service.name if shared[service.name] == 1 else f"{service.name}-{service.namespace}"
        yield LoadBalancer(
            name=f"{name[:60]}-lb", address=IPv4Address(address), listeners=listeners
        )
    if not asked and exposed:
        listener = Listener(port=80, service=exposed[0].key)
        yield LoadBalancer(name="edge", address=IPv4Address(next(free)), listeners=(listener,))


def _node_ports(service: Service) -> list[int]:
    """The TCP ports of the Service that have a NodePort."""
    return [port.port for port in service.ports if port.node_port and port.protocol == "TCP"]
