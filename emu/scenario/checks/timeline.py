"""What is done to the cluster while a run goes on."""

from collections.abc import Iterator
from typing import Any

from pydantic.alias_generators import to_camel

from emu.errors import Mistake
from emu.quantities import write_duration
from emu.scenario.checks.subject import Subject
from emu.scenario.cluster import qualified
from emu.scenario.place import Path
from emu.scenario.text import listed
from emu.timeline import ACTIONS, Named, about
from emu.workload import users_of

_FABRIC = "fabric"
_FOR_EVER = 2**62
_NAMESPACED = ("pod", "deployment")


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Actions on what there is not, after the end, or while the same is done already."""
    lasting: dict[Any, list[tuple[int, int, int]]] = {}
    for number, (name, its) in enumerate(subject.spec.timeline):
        path = ("spec", "timeline", number)
        yield from _unknown(subject, path, its)
        yield from _too_late(subject, path, its.at)
        yield from _no_rate(subject, path, name, its)
        exclusive = getattr(ACTIONS[name], "EXCLUSIVE", None)
        if exclusive is not None:
            end = its.at + its.lasting if its.lasting is not None else _FOR_EVER
            others = lasting.setdefault((exclusive, *_names(its)), [])
            yield from _overlapping(subject, path, its.at, end, others)
            others.append((its.at, end, number))
    for number, fault in enumerate(subject.spec.faults):
        yield from _unknown(subject, ("spec", "faults", number), fault.options)


def _names(its: Any) -> list[str]:
    """What an action names; the ends of a link in whichever order."""
    return sorted(part for named in about(its) for part in named.name.split())


def _unknown(subject: Subject, path: Path, its: Any) -> Iterator[Mistake]:
    for named in about(its):
        known = _known(subject, named)
        name = qualified(named.name) if named.kind in _NAMESPACED else named.name
        if name not in known:
            rule = f"unknown {named.kind}; known: {listed(name, known) or 'none'}"
            yield subject.place.mistake((*path, named.field), rule)


def _known(subject: Subject, named: Named) -> list[str]:
    """The names of this kind."""
    spec, cluster = subject.spec, subject.cluster
    if named.kind == "node":
        return [node.name for node in cluster.nodes]
    if named.kind == "pod":
        return [pod.key for pod in cluster.pods]
    if named.kind == "deployment":
        return [deployment.key for deployment in cluster.deployments]
    if named.kind == "load balancer":
        return [balancer.name for balancer in spec.load_balancers]
    if named.kind == "client":
        return [client.name for client in spec.clients]
    return [" ".join(ends) for ends in _links(subject)]


def _links(subject: Subject) -> Iterator[tuple[str, str]]:
    """The links of the network, either way round: those given, and those to the fabric."""
    spec, cluster = subject.spec, subject.cluster
    places = [node.name for node in cluster.nodes]
    places += [balancer.name for balancer in spec.load_balancers]
    places += [client.name for client in spec.clients]
    for a, b in (*(link.between for link in spec.network.links), *((p, _FABRIC) for p in places)):
        yield a, b
        yield b, a


def _too_late(subject: Subject, path: Path, at: int) -> Iterator[Mistake]:
    end = subject.spec.duration
    if end is not None and at >= end:
        rule = f"must be before the end of the run, {write_duration(end)}"
        yield subject.place.mistake((*path, "at"), rule)


def _no_rate(subject: Subject, path: Path, action: str, its: Any) -> Iterator[Mistake]:
    """Surges of closed loops."""
    for client in subject.spec.clients if action == "surge" else ():
        if client.name == its.client and users_of(client.arrivals):
            rule = "must not be a closed loop, which has no rate: its users wait for answers"
            yield subject.place.mistake((*path, "client"), rule)


def _overlapping(
    subject: Subject, path: Path, at: int, end: int, others: list[tuple[int, int, int]]
) -> Iterator[Mistake]:
    for begun, over, number in others:
        if at < over and begun < end:
            other = to_camel(subject.spec.timeline[number].name)
            rule = f"must not be while spec.timeline[{number}] lasts, a {other} of the same"
            yield subject.place.mistake((*path, "at"), rule)
