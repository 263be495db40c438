"""A load balancer is reached by nobody, and reaches nobody."""

from typing import Any, Final

from emu.timeline._forms import Lasting, LoadBalancerName
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"loadBalancer": "edge"}
EXCLUSIVE: Final = "load balancer"


class Options(Lasting):
    """What a scenario says of it."""

    load_balancer: LoadBalancerName
    """The load balancer."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.cut_off(its.load_balancer)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.rejoin(its.load_balancer)
