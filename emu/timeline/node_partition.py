"""The network loses a node, which goes on by itself."""

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
    world.cut_off(its.node)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.rejoin(its.node)
