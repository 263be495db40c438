"""Nodes and Pods whose speed is another for some of the time, as a run knows them."""

from collections.abc import Iterator

from emu.model import SlowdownModel
from emu.model.numbers import Numbers
from emu.registry import Choice
from emu.scenario import Cluster, Slowdown

_NONE = -1


def slowdowns(
    described: tuple[Slowdown, ...], cluster: Cluster, numbers: Numbers, choices: list[Choice]
) -> tuple[SlowdownModel, ...]:
    """The machines of all slowdowns, in the order in which they are written, Pods before nodes.

    Their distributions are added to ``choices``; ``pause`` and ``lasting`` are positions there.
    """
    made = []
    for its in described:
        pause, lasting = _added(its.pause, choices), _added(its.lasting, choices)
        for pods in _machines(its, cluster, numbers):
            made.append(SlowdownModel(pods, its.speed, its.start, pause, lasting))
    return tuple(made)


def at_places(
    made: tuple[SlowdownModel, ...], places: tuple[int, ...]
) -> tuple[SlowdownModel, ...]:
    """The same with places in the table of distributions for positions among them."""
    lookup = (*places, _NONE)
    return tuple(its._replace(pause=lookup[its.pause], lasting=lookup[its.lasting]) for its in made)


def _added(choice: Choice | None, choices: list[Choice]) -> int:
    if choice is None:
        return _NONE
    choices.append(choice)
    return len(choices) - 1


def _machines(its: Slowdown, cluster: Cluster, numbers: Numbers) -> Iterator[tuple[int, ...]]:
    """The Pods of each machine."""
    for reference in its.pods:
        yield (numbers.pod(reference),)
    for node in its.nodes:
        yield tuple(number for number, pod in enumerate(cluster.pods) if pod.node_name == node)
