"""A Pod is slower for a time, as by a noisy neighbour."""

from typing import Annotated, Any, Final

from pydantic import Field

from emu.timeline._forms import Lasting, PodName
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"pod": "default/web-0", "speed": 0.5}


class Options(Lasting):
    """What a scenario says of it."""

    pod: PodName
    """The Pod, as ``namespace/name``."""
    speed: Annotated[float, Field(ge=0.001, le=1000)]
    """What its speed is multiplied by."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.slow(its.pod, its.speed)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.release(its.pod, its.speed)
