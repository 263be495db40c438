"""A node takes no more Pods, and its own are moved elsewhere (``kubectl drain``).

When it is over, the node takes Pods again (``kubectl uncordon``).
"""

from typing import Any, Final

from emu.timeline._forms import Lasting, NodeName
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"node": "node-1"}
EXCLUSIVE: Final = "drain"


class Options(Lasting):
    """What a scenario says of it."""

    node: NodeName
    """The node."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.drain(its.node)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.uncordon(its.node)
