"""The speeds of nodes and Pods, and when they are others."""

from collections.abc import Iterator

from emu.distributions import mean_of
from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.description import Slowdown
from emu.scenario.place import Path
from emu.scenario.text import listed
from emu.units import SECOND


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Nodes and Pods that are not there, Pods named twice, and slow times and pauses without
    length."""
    yield from _speeds(subject)
    for number, slowdown in enumerate(subject.spec.slowdowns):
        yield from _slowdown(subject, slowdown, ("spec", "slowdowns", number))


def _slowdown(subject: Subject, slowdown: Slowdown, path: Path) -> Iterator[Mistake]:
    cluster = subject.cluster
    nodes = [node.name for node in cluster.nodes]
    for index, name in enumerate(slowdown.nodes):
        if name not in nodes:
            rule = f"unknown node; known: {listed(name, nodes)}"
            yield subject.place.mistake((*path, "nodes", index), rule)
    for index, name in enumerate(slowdown.pods):
        if cluster.pod(name) is None:
            known = listed(name, (found.key for found in cluster.pods))
            rule = f"unknown Pod; known: {known}"
            yield subject.place.mistake((*path, "pods", index), rule)
    for field, duration in (("pause", slowdown.pause), ("lasting", slowdown.lasting)):
        if duration is not None and mean_of(duration) < SECOND // 1000:
            rule = "must have a mean of at least 1ms"
            yield subject.place.mistake((*path, field), rule)


def _speeds(subject: Subject) -> Iterator[Mistake]:
    speeds, cluster = subject.spec.speeds, subject.cluster
    nodes = [node.name for node in cluster.nodes]
    for name in speeds.nodes:
        if name not in nodes:
            rule = f"unknown node; known: {listed(name, nodes)}"
            yield subject.place.mistake(("spec", "speeds", "nodes", name), rule)
    named: set[str] = set()
    for name in speeds.pods:
        path, pod = ("spec", "speeds", "pods", name), cluster.pod(name)
        if pod is None:
            known = listed(name, (found.key for found in cluster.pods))
            yield subject.place.mistake(path, f"unknown Pod; known: {known}")
        elif pod.key in named:
            yield subject.place.mistake(path, f"is Pod {pod.key}, which has a speed already")
        else:
            named.add(pod.key)
