"""A load balancer picks backends by another strategy from then on."""

from collections.abc import Iterator
from typing import Any, Final

from emu.hops.balancer import Strategy
from emu.timeline._forms import Momentary, Named
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"loadBalancer": "edge", "strategy": "random"}


class Options(Momentary):
    """What a scenario says of it."""

    load_balancer: str
    """The load balancer."""
    strategy: Strategy
    """How it picks a backend."""


def about(its: Options) -> Iterator[Named]:
    """What it is about."""
    yield Named("loadBalancer", "load balancer", its.load_balancer)


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.change_strategy(its.load_balancer, its.strategy)
