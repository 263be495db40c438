"""Load balancers, the Services behind them, and the domains in front of them."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.hops.balancer import STRATEGIES
from emu.scenario.checks.subject import Subject
from emu.scenario.description import Listener, LoadBalancer
from emu.scenario.names import service_port
from emu.scenario.place import Path
from emu.scenario.text import listed


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Listeners without a Service that has a NodePort, or on a port twice; impossible weights."""
    for number, balancer in enumerate(subject.spec.load_balancers):
        yield from _weights(subject, balancer, ("spec", "loadBalancers", number, "weights"))
        yield from _keys(subject, balancer, ("spec", "loadBalancers", number, "strategy"))
        ports: set[int] = set()
        for index, listener in enumerate(balancer.listeners):
            path = ("spec", "loadBalancers", number, "listeners", index)
            if listener.port in ports:
                yield subject.place.mistake((*path, "port"), "is the port of another listener")
            ports.add(listener.port)
            yield from _service(subject, listener, path)


def warnings(subject: Subject) -> Iterator[str]:
    """A user's own strategies that are not compiled."""
    for number, balancer in enumerate(subject.spec.load_balancers):
        options = balancer.strategy.options
        why_plain = getattr(STRATEGIES[balancer.strategy.name], "why_plain", None)
        if why_plain is not None and (why := why_plain(options)):
            yield (
                f"{subject.place.file}: spec.loadBalancers[{number}].strategy: {options.path} is"
                f" run as plain Python, which is slower: {why}"
            )


def _keys(subject: Subject, balancer: LoadBalancer, path: Path) -> Iterator[Mistake]:
    """A strategy that remembers clients has room for all that there are."""
    most_keys = getattr(STRATEGIES[balancer.strategy.name], "most_keys", None)
    if most_keys is None:
        return
    clients = subject.spec.clients
    keys = sum(client.addresses.num_addresses if client.addresses else 1 for client in clients)
    if most_keys(balancer.strategy.options) < keys:
        rule = f"must have room for {keys} clients: as many addresses send requests"
        yield subject.place.mistake((*path, balancer.strategy.name, "clients"), rule)


def _weights(subject: Subject, balancer: LoadBalancer, path: Path) -> Iterator[Mistake]:
    names = [node.name for node in subject.cluster.nodes]
    for name in balancer.weights:
        if name not in names:
            rule = f"unknown node; known: {listed(name, names)}"
            yield subject.place.mistake((*path, name), rule)
    if names and not any(balancer.weights.get(name, 1) for name in names):
        yield subject.place.mistake(path, "must leave a node with a weight above 0")


def _service(subject: Subject, listener: Listener, path: Path) -> Iterator[Mistake]:
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
    elif not port.node_port:
        rule = f"must have a NodePort; its type is {service.type}"
        yield subject.place.mistake((*path, "service"), rule)
