"""A link takes longer for a time."""

from typing import Annotated, Any, Final

from pydantic import Field

from emu.quantities import Duration
from emu.timeline._forms import Lasting, LinkEnds
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"between": ["node-1", "fabric"], "add": "5ms"}


class Options(Lasting):
    """What a scenario says of it."""

    between: LinkEnds
    """The ends of a link of `network.links`, or a place and the ``fabric``."""
    add: Annotated[Duration, Field(gt=0)]
    """How much longer, one way."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.delay(its.between, its.add)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.delay(its.between, -its.add)
