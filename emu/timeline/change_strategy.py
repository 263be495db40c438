"""A load balancer picks backends by another strategy from then on."""

from typing import Any, Final

from emu.hops.balancer import Strategy
from emu.timeline._forms import LoadBalancerName, Momentary
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"loadBalancer": "edge", "strategy": "random"}


class Options(Momentary):
    """What a scenario says of it."""

    load_balancer: LoadBalancerName
    """The load balancer."""
    strategy: Strategy
    """How it picks a backend."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.change_strategy(its.load_balancer, its.strategy)
