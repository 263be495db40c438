"""From where and to what reachability is asked: every kind of place that a cluster has."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import NamedTuple

from emu.hops.kubeproxy.services import ServicePort
from emu.model.pods import DEFAULT_APP_PORT
from emu.model.proxies import Proxies
from emu.scenario import Pod, Scenario
from emu.scenario.allocation import CLIENTS

OUTSIDE = "outside"


class Source(NamedTuple):
    """A sender: ``node`` is the one that it is on, empty outside the cluster."""

    name: str
    kind: str
    address: str
    node: str


class Destination(NamedTuple):
    """An address and port, by the name that one would use; a name known inside alone says so."""

    kind: str
    name: str
    address: str
    port: int
    protocol: str = "TCP"
    inside: bool = False


def sources(scenario: Scenario) -> Iterator[Source]:
    """A client outside, every node, every Pod."""
    given = (client.addresses or client.address for client in scenario.spec.clients)
    outside = (str(next(iter(ip_network(its).hosts()))) for its in given if its is not None)
    yield Source(OUTSIDE, OUTSIDE, next(outside, str(CLIENTS[0])), "")
    for node in scenario.cluster.nodes:
        if node.addresses:
            yield Source(node.name, "node", node.addresses[0], node.name)
    for pod in scenario.cluster.pods:
        if not pod.spec.host_network:
            yield Source(pod.key, "Pod", pod.ip, pod.node_name)


def destinations(scenario: Scenario, proxies: Proxies) -> Iterator[Destination]:
    """Domains, load balancers, NodePorts, Services by name and by address, and Pods."""
    yield from _domains(scenario)
    for balancer in scenario.spec.load_balancers:
        for listener in balancer.listeners:
            yield Destination("load balancer", balancer.name, str(balancer.address), listener.port)
    ports = (*proxies.table(4).ports, *proxies.table(6).ports)
    for port in ports:
        yield from _service(port)
    for node in scenario.cluster.nodes:
        yield from _at_node(proxies, node.name, ports)
    for pod in scenario.cluster.pods:
        yield Destination("Pod", pod.key, pod.ip, listening(pod))


def listening(pod: Pod) -> int:
    """The port that a Pod declares first."""
    return next((its.container_port for its in pod.container_ports), DEFAULT_APP_PORT)


def _domains(scenario: Scenario) -> Iterator[Destination]:
    """Each domain at the ports that load balancers listen on at its addresses."""
    balancers = {str(b.address): b for b in scenario.spec.load_balancers}
    for domain, addresses in scenario.spec.dns.items():
        for address in map(str, addresses):
            found = balancers.get(address)
            for port in [at.port for at in found.listeners] if found else [80]:
                yield Destination("domain", domain, address, port)


def _at_node(proxies: Proxies, node: str, ports: Sequence[ServicePort]) -> Iterator[Destination]:
    """NodePorts at the node's primary address, and the ports for health checks there."""
    asked: set[tuple[str, int]] = set()
    for port in ports:
        address = next(iter(proxies.view(node, port.family).addresses), "")
        if address and port.node_port:
            yield Destination("node", node, address, port.node_port, port.protocol)
        if address and port.health_check_node_port:
            asked.add((address, port.health_check_node_port))
    for address, number in sorted(asked):
        yield Destination("health check", node, address, number)


def _service(port: ServicePort) -> Iterator[Destination]:
    namespace, _, rest = port.name.partition("/")
    name = f"{rest.partition(':')[0]}.{namespace}"
    yield Destination("Service", name, port.cluster_ip, port.port, port.protocol, inside=True)
    yield Destination("ClusterIP", port.cluster_ip, port.cluster_ip, port.port, port.protocol)
    for address in port.external_ips:
        yield Destination("externalIP", address, address, port.port, port.protocol)
    for address in port.load_balancer_ips:
        yield Destination("balancer's IP", address, address, port.port, port.protocol)
