"""Nobody hears of changes to the cluster for a time, and nobody makes any."""

from typing import Any, Final

from emu.timeline._forms import Lasting
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {}
EXCLUSIVE: Final = "api server"


class Options(Lasting):
    """What a scenario says of it."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.stop_api_server()


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.start_api_server()
