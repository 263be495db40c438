"""What must hold between the parts of a completed scenario: one file a topic.

A topic is a module with ``mistakes(subject)``, and maybe ``warnings(subject)`` for what is odd but
can be run.
"""

from emu.errors import Mistake
from emu.scenario.checks import (
    autoscalers,
    clients,
    links,
    load,
    load_balancers,
    memory,
    nodes,
    propagation,
    services,
    speeds,
    timeline,
    uniqueness,
    warmup,
)
from emu.scenario.checks.size import sizes
from emu.scenario.checks.subject import Subject

__all__ = ["Subject", "check", "sizes", "warn"]

_TOPICS = (
    uniqueness, nodes, services, load_balancers, clients, speeds, links, propagation, timeline,
    autoscalers, memory, load, warmup,
)  # fmt: skip
_WARNING_TOPICS = (nodes, services, load_balancers, clients, load)


def check(subject: Subject) -> list[Mistake]:
    """Every mistake between the parts."""
    return [mistake for topic in _TOPICS for mistake in topic.mistakes(subject)]


def warn(subject: Subject) -> list[str]:
    """What is odd, for a subject without mistakes."""
    return [warning for topic in _WARNING_TOPICS for warning in topic.warnings(subject)]
