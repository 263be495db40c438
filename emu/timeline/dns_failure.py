"""No question for a name is answered for a time; answers that are kept still hold."""

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
    return ("dns",)


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.silence_dns(its.lasting)


def end(world: World, its: Options) -> None:
    """Nothing is left to do: whoever asks knows how long nobody answers."""
