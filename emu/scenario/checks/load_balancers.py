"""Load balancers, the Services behind them, and the domains in front of them."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.cluster import Cluster, qualified
from emu.scenario.description import Listener, LoadBalancer
from emu.scenario.names import service_port
from emu.scenario.place import Path
from emu.scenario.text import listed


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Listeners without a Service that has what they need, or on a port twice; impossible
    weights."""
    for number, balancer in enumerate(subject.spec.load_balancers):
        yield from _weights(subject, balancer, ("spec", "loadBalancers", number, "weights"))
        ports: set[int] = set()
        for index, listener in enumerate(balancer.listeners):
            path = ("spec", "loadBalancers", number, "listeners", index)
            if listener.port in ports:
                yield subject.place.mistake((*path, "port"), "is the port of another listener")
            ports.add(listener.port)
            yield from _service(subject, listener, balancer.target, path)


def _weights(subject: Subject, balancer: LoadBalancer, path: Path) -> Iterator[Mistake]:
    names = [node.name for node in subject.cluster.nodes]
    weights = balancer.weights
    if balancer.target == "pod":
        names = _pods(subject.cluster, balancer)
        weights = {qualified(name): weight for name, weight in weights.items()}
    what = {"node": "node", "pod": "Pod of its Services"}[balancer.target]
    for name, key in zip(balancer.weights, weights, strict=True):
        if key not in names:
            rule = f"unknown {what}; known: {listed(key, names)}"
            yield subject.place.mistake((*path, name), rule)
    if names and not any(weights.get(name, 1) for name in names):
        yield subject.place.mistake(path, f"must leave a {what} with a weight above 0")


def _pods(cluster: Cluster, balancer: LoadBalancer) -> list[str]:
    """The Pods that are endpoints of the Services behind it, in their order."""
    services = {qualified(listener.service) for listener in balancer.listeners}
    addresses = {
        endpoint.addresses[0]
        for found in cluster.endpoint_slices
        if found.service in services
        for endpoint in found.endpoints
    }
    return [pod.key for pod in cluster.pods if pod.ip in addresses]


def _service(subject: Subject, listener: Listener, target: str, path: Path) -> Iterator[Mistake]:
    service = subject.cluster.service(listener.service)
    if service is None:
        known = (found.key for found in subject.cluster.services)
        rule = f"unknown Service; known: {listed(listener.service, known)}"
        yield subject.place.mistake((*path, "service"), rule)
        return
    port = service_port(service, listener.service_port)
    if port is None:
        known = (str(found.name or found.port) for found in service.ports)
        rule = f"unknown port of Service {service.key}; known: {listed('', known)}"
        yield subject.place.mistake((*path, "servicePort"), rule)
    elif port.protocol != "TCP":
        rule = f"must have a TCP port; port {port.port} is {port.protocol}"
        yield subject.place.mistake((*path, "service"), rule)
    elif target == "node" and not port.node_port:
        rule = f"must have a NodePort; its type is {service.type}"
        yield subject.place.mistake((*path, "service"), rule)
