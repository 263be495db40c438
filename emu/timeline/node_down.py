"""A node stops, as by a loss of power, and starts again when it is over."""

from typing import Any, Final

from emu.timeline._forms import Lasting, NodeName
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"node": "node-1"}
EXCLUSIVE: Final = "node"


class Options(Lasting):
    """What a scenario says of it."""

    node: NodeName
    """The node."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.fail(its.node)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.start(its.node)
