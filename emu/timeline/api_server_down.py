"""Nobody hears of changes to the cluster for a time, and nobody makes any."""

from collections.abc import Iterator
from typing import Any, Final

from emu.timeline._forms import Lasting, Named
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {}


class Options(Lasting):
    """What a scenario says of it."""

    """See above."""


def about(its: Options) -> Iterator[Named]:
    """What it is about."""
    return iter(())


def state(its: Options) -> tuple[Any, ...]:
    """What holds once only at a time."""
    return ("api server",)


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.stop_api_server()


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.start_api_server()
