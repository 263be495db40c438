"""No question for a name is answered for a time; answers that are kept still hold."""

from typing import Any, Final

from emu.timeline._forms import Lasting
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {}
EXCLUSIVE: Final = "dns"


class Options(Lasting):
    """What a scenario says of it."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.silence_dns(its.lasting)


def end(world: World, its: Options) -> None:
    """Nothing is left to do: whoever asks knows how long nobody answers."""
