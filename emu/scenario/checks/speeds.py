"""The speeds of nodes and Pods."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.text import listed


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Nodes and Pods that are not there, and Pods named twice."""
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
