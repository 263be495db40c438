"""A link carries nothing for a time."""

from collections.abc import Iterator
from typing import Any, Final

from emu.timeline._forms import Lasting, Named
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"between": ["node-1", "fabric"]}


class Options(Lasting):
    """What a scenario says of it."""

    between: tuple[str, str]
    """The ends of a link of `network.links`, or a place and the ``fabric``."""


def about(its: Options) -> Iterator[Named]:
    """What it is about."""
    yield Named("between", "link", " ".join(its.between))


def state(its: Options) -> tuple[Any, ...]:
    """What holds once only at a time."""
    return ("link", frozenset(its.between))


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.cut(its.between)


def end(world: World, its: Options) -> None:
    """Undo it."""
    world.mend(its.between)
