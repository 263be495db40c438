"""Names and addresses that two things share."""

from collections.abc import Iterator
from typing import NamedTuple

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.place import Path, Place

FABRIC = "fabric"


class _Holder(NamedTuple):
    """Something with a name or an address: what it is, and where that stands."""

    value: str
    what: str
    place: Place
    path: Path


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Names and addresses that are in use already; the second of two is the mistake."""
    yield from _shared(_names(subject), {FABRIC: "the name of the middle of the network"})
    yield from _shared(_addresses(subject), {})


def _shared(holders: Iterator[_Holder], first: dict[str, str]) -> Iterator[Mistake]:
    for value, what, place, path in holders:
        if value and value in first:
            yield place.missing(path, f"must not be {value}, {first[value]} already")
        first.setdefault(value, what)


def _names(subject: Subject) -> Iterator[_Holder]:
    """The places of the network: they share one space of names, in links and in results."""
    for node in subject.cluster.nodes:
        place = subject.objects.place_of(node)
        yield _Holder(node.name, "the name of a node", place, ("metadata", "name"))
    for number, balancer in enumerate(subject.spec.load_balancers):
        path = ("spec", "loadBalancers", number, "name")
        yield _Holder(balancer.name, "the name of a load balancer", subject.place, path)
    for number, client in enumerate(subject.spec.clients):
        path = ("spec", "clients", number, "name")
        yield _Holder(client.name, "the name of a client", subject.place, path)


def _addresses(subject: Subject) -> Iterator[_Holder]:
    cluster, place_of = subject.cluster, subject.objects.place_of
    for node in cluster.nodes:
        what = f"the address of node {node.name}"
        yield _Holder(node.address, what, place_of(node), ("status", "addresses"))
    for number, balancer in enumerate(subject.spec.load_balancers):
        what = f"the address of load balancer {balancer.name}"
        path = ("spec", "loadBalancers", number, "address")
        yield _Holder(str(balancer.address), what, subject.place, path)
    for number, client in enumerate(subject.spec.clients):
        if client.address is not None:
            what = f"the address of client {client.name}"
            path = ("spec", "clients", number, "address")
            yield _Holder(str(client.address), what, subject.place, path)
    for service in cluster.services:
        if service.cluster_ip:
            what = f"the ClusterIP of Service {service.key}"
            yield _Holder(service.cluster_ip, what, place_of(service), ("spec", "clusterIP"))
    for pod in cluster.pods:
        if not pod.spec.host_network:
            what = f"the address of Pod {pod.key}"
            yield _Holder(pod.ip, what, place_of(pod), ("status", "podIP"))
