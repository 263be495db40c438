"""A load balancer is reached by nobody, and reaches nobody."""

from collections.abc import Iterator
from typing import Any, Final

from emu.timeline._forms import Lasting, Named
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"loadBalancer": "edge"}


class Options(Lasting):
    """What a scenario says of it."""

    load_balancer: str
    """The load balancer."""


def about(its: Options) -> Iterator[Named]:
    """What it is about."""
    yield Named("loadBalancer", "load balancer", its.load_balancer)


def state(its: Options) -> tuple[Any, ...]:
    """What holds once only at a time."""
    return ("load balancer", its.load_balancer)


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.cut_off(its.load_balancer)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.rejoin(its.load_balancer)
