"""Services, their ports and their endpoints."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.scenario.allocation import NODE_PORTS
from emu.scenario.checks.subject import Subject
from emu.scenario.kubernetes import Service
from emu.scenario.text import listed, printable


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Ports that Kubernetes would refuse."""
    taken: dict[tuple[int, str], str] = {}
    for service in subject.cluster.services:
        yield from _ports(subject, service)
        yield from _node_ports(subject, service, taken)
    yield from _families(subject)


def _ports(subject: Subject, service: Service) -> Iterator[Mistake]:
    place = subject.objects.place_of(service)
    if not service.ports and not service.headless:
        yield place.missing(("spec", "ports"), "must have at least 1 item")
    names: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    for index, port in enumerate(service.ports):
        path = ("spec", "ports", index)
        if len(service.ports) > 1 and not port.name:
            yield place.missing((*path, "name"), "is required where there are several ports")
        elif port.name in names:
            yield place.mistake((*path, "name"), "is the name of another port")
        if (port.port, port.protocol) in numbers:
            yield place.mistake((*path, "port"), "is the number of another port")
        names.add(port.name)
        numbers.add((port.port, port.protocol))


def _node_ports(
    subject: Subject, service: Service, taken: dict[tuple[int, str], str]
) -> Iterator[Mistake]:
    for index, port in enumerate(service.ports):
        if not port.node_port:
            continue
        owner = taken.setdefault((port.node_port, port.protocol), service.key)
        if owner != service.key:
            path = ("spec", "ports", index, "nodePort")
            rule = f"is the NodePort of Service {owner} already"
            yield subject.objects.place_of(service).mistake(path, rule)


def _families(subject: Subject) -> Iterator[Mistake]:
    """Addresses of a slice that are of another family than its ``addressType``."""
    for found in subject.cluster.endpoint_slices:
        for index, endpoint in enumerate(found.endpoints):
            for number, address in enumerate(endpoint.addresses):
                if (":" in address) != (found.address_type == "IPv6"):
                    path = ("endpoints", index, "addresses", number)
                    rule = f"must be an address of the slice's addressType {found.address_type}"
                    yield subject.objects.place_of(found).mistake(path, rule)


def warnings(subject: Subject) -> Iterator[str]:
    """What would surprise: unmodelled fields, ports and endpoints that lead nowhere."""
    for service in subject.cluster.services:
        for port in service.ports:
            if port.node_port and service.type == "ClusterIP":
                yield f"Service {service.key}: has a NodePort, and its type is ClusterIP"
            if port.node_port and port.node_port not in NODE_PORTS:
                yield f"Service {service.key}: NodePort {port.node_port} is outside 30000-32767"
    yield from _unresolved_ports(subject)
    yield from _strange_endpoints(subject)


def _unresolved_ports(subject: Subject) -> Iterator[str]:
    resolved = {(found.service, port.name)
                for found in subject.cluster.endpoint_slices for port in found.ports}  # fmt: skip
    populated = {found.service for found in subject.cluster.endpoint_slices if found.endpoints}
    for service in subject.cluster.services:
        for port in service.ports:
            if service.key in populated and (service.key, port.name) not in resolved:
                wanted = printable(port.target_port)
                yield f"Service {service.key}: no Pod has a container port called {wanted}"


def _strange_endpoints(subject: Subject) -> Iterator[str]:
    services = {service.key for service in subject.cluster.services}
    addresses = {pod.ip for pod in subject.cluster.pods}
    for found in subject.cluster.endpoint_slices:
        if found.service not in services:
            yield f"EndpointSlice {found.key}: there is no Service {printable(found.service)}"
        strangers = [endpoint.addresses[0] for endpoint in found.endpoints
                     if endpoint.addresses[0] not in addresses]  # fmt: skip
        if strangers and (addresses or subject.spec.clients):
            names = listed("", strangers, 5)
            yield f"EndpointSlice {found.key}: no Pod has {names}; connections there time out"
