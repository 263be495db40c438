"""The network loses a node, which goes on by itself."""

from collections.abc import Iterator
from typing import Any, Final

from emu.timeline._forms import Lasting, Named
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"node": "node-1"}


class Options(Lasting):
    """What a scenario says of it."""

    node: str
    """The node."""


def about(its: Options) -> Iterator[Named]:
    """What it is about."""
    yield Named("node", "node", its.node)


def state(its: Options) -> tuple[Any, ...]:
    """What holds once only at a time."""
    return ("node", its.node)


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.cut_off(its.node)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.rejoin(its.node)
