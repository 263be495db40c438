"""Clients: where they are, and where their requests go."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.description import Client
from emu.scenario.names import is_inside, known_names, resolve, target
from emu.scenario.place import Path
from emu.scenario.text import listed, printable


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Clients in Pods or on nodes that are not there, or that ask for unknown hosts."""
    for number, client in enumerate(subject.spec.clients):
        path = ("spec", "clients", number)
        yield from _place(subject, client, path)
        host = target(client.url).host
        if resolve(host, client, subject.spec, subject.cluster) is None:
            yield _unknown_host(subject, client, host, path)


def _place(subject: Subject, client: Client, path: Path) -> Iterator[Mistake]:
    if client.pod is not None and subject.cluster.pod(client.pod) is None:
        known = listed(client.pod, (pod.key for pod in subject.cluster.pods))
        yield subject.place.mistake((*path, "pod"), f"unknown Pod; known: {known}")
    if client.node is not None and subject.cluster.node(client.node) is None:
        known = listed(client.node, (node.name for node in subject.cluster.nodes))
        yield subject.place.mistake((*path, "node"), f"unknown node; known: {known}")


def _unknown_host(subject: Subject, client: Client, host: str, path: Path) -> Mistake:
    known = listed(host, known_names(client, subject.spec, subject.cluster))
    if not subject.spec.dns:
        hint = " (there is no load balancer, for no Service has a NodePort)"
    elif not is_inside(client):
        hint = " (names of Services are known inside the cluster only)"
    else:
        hint = ""
    rule = f"unknown host {printable(host)}; known: {known}{hint}"
    return subject.place.mistake((*path, "url"), rule)


def warnings(subject: Subject) -> Iterator[str]:
    """Addresses that nothing has."""
    cluster = subject.cluster
    known = {node.address for node in cluster.nodes} | {pod.ip for pod in cluster.pods}
    known |= {str(balancer.address) for balancer in subject.spec.load_balancers}
    known |= {service.cluster_ip for service in cluster.services if service.cluster_ip}
    for client in subject.spec.clients:
        host = target(client.url).host
        for address in resolve(host, client, subject.spec, cluster) or ():
            if address not in known:
                yield f"client {client.name}: nothing has {address}; connections there time out"
