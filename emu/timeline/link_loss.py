"""A link loses packets for a time."""

from typing import Annotated, Any, Final

from pydantic import Field

from emu.quantities import Fraction
from emu.timeline._forms import Lasting, LinkEnds
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"between": ["node-1", "fabric"], "share": "1%"}


class Options(Lasting):
    """What a scenario says of it."""

    between: LinkEnds
    """The ends of a link of `network.links`, or a place and the ``fabric``."""
    share: Annotated[Fraction, Field(gt=0, lt=1)]
    """Which share of them; `linkDown` loses all."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.lose(its.between, its.share)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.keep(its.between, its.share)
