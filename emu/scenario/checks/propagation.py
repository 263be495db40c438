"""What is said of the delays of single nodes."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.text import listed


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Nodes that are not there."""
    names = [node.name for node in subject.cluster.nodes]
    for name in subject.spec.propagation.nodes:
        if name not in names:
            rule = f"unknown node; known: {listed(name, names)}"
            yield subject.place.mistake(("spec", "propagation", "nodes", name), rule)
