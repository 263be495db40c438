"""Load balancers, the Services behind them, and the domains in front of them."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.hops.balancer import FOLLOW_WEIGHTS, PROBING, STRATEGIES
from emu.scenario.checks.subject import Subject
from emu.scenario.cluster import Cluster, qualified
from emu.scenario.description import Listener, LoadBalancer
from emu.scenario.names import service_port
from emu.scenario.place import Path
from emu.scenario.text import listed


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Listeners without a Service that has what they need, or on a port twice; impossible
    weights; unknown backends; slow start without weights; nodes that are probed."""
    for number, balancer in enumerate(subject.spec.load_balancers):
        yield from _backends(subject, balancer, ("spec", "loadBalancers", number))
        yield from _slow_start(subject, balancer, ("spec", "loadBalancers", number))
        yield from _strategy(subject, balancer, ("spec", "loadBalancers", number))
        ports: set[int] = set()
        for index, listener in enumerate(balancer.listeners):
            path = ("spec", "loadBalancers", number, "listeners", index)
            if listener.port in ports:
                yield subject.place.mistake((*path, "port"), "is the port of another listener")
            ports.add(listener.port)
            yield from _service(subject, listener, balancer.target, path)
    for number, (name, its) in enumerate(subject.spec.timeline):
        for balancer in subject.spec.load_balancers:
            if name == "change_strategy" and balancer.name == its.load_balancer:
                changed = balancer.model_copy(update={"strategy": its.strategy})
                yield from _strategy(subject, changed, ("spec", "timeline", number))


def _strategy(subject: Subject, balancer: LoadBalancer, path: Path) -> Iterator[Mistake]:
    yield from _keys(subject, balancer, (*path, "strategy"))
    yield from _probing(subject, balancer, path)


def warnings(subject: Subject) -> Iterator[str]:
    """Slow start without a backend that joins; a user's own strategies that are not compiled."""
    for balancer in subject.spec.load_balancers:
        if balancer.slow_start and not any(balancer.available_from.values()):
            yield (
                f"load balancer {balancer.name}: slowStart is of no use where no backend has a "
                "time in availableFrom"
            )
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


def _backends(subject: Subject, balancer: LoadBalancer, path: Path) -> Iterator[Mistake]:
    """What is said of backends, by their names."""
    to_pods = balancer.target == "pod"
    what = "Pod of its Services" if to_pods else "node"
    names = [node.name for node in subject.cluster.nodes]
    if to_pods:
        names = _pods(subject.cluster, balancer)
    for field, said in (("weights", balancer.weights), ("availableFrom", balancer.available_from)):
        for name in said:
            if (qualified(name) if to_pods else name) not in names:
                rule = f"unknown {what}; known: {listed(name, names)}"
                yield subject.place.mistake((*path, field, name), rule)
    weights = {qualified(name) if to_pods else name: its for name, its in balancer.weights.items()}
    if names and not any(weights.get(name, 1) for name in names):
        rule = f"must leave a {what} with a weight above 0"
        yield subject.place.mistake((*path, "weights"), rule)


def _slow_start(subject: Subject, balancer: LoadBalancer, path: Path) -> Iterator[Mistake]:
    name = balancer.strategy.name
    if balancer.slow_start and name not in FOLLOW_WEIGHTS:
        known = ", ".join(FOLLOW_WEIGHTS)
        rule = f"must have a strategy that follows weights, and {name} does not: {known}"
        yield subject.place.mistake((*path, "slowStart"), rule)


def _probing(subject: Subject, balancer: LoadBalancer, path: Path) -> Iterator[Mistake]:
    """Behind a node nobody can tell which Pod would answer."""
    if balancer.strategy.name in PROBING and balancer.target != "pod":
        rule = "must have the target pod: it asks Pods for their load"
        yield subject.place.mistake((*path, "strategy"), rule)


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
