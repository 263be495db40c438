"""A link carries nothing for a time."""

from typing import Any, Final

from emu.timeline._forms import Lasting, LinkEnds
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"between": ["node-1", "fabric"]}
EXCLUSIVE: Final = "link"


class Options(Lasting):
    """What a scenario says of it."""

    between: LinkEnds
    """The ends of a link of `network.links`, or a place and the ``fabric``."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.cut(its.between)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.mend(its.between)
