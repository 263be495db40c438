"""The process of a Pod ends by itself; the kubelet starts it again."""

from collections.abc import Iterator
from typing import Any, Final

from emu.timeline._forms import Momentary, Named
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"pod": "default/web-0"}


class Options(Momentary):
    """What a scenario says of it."""

    pod: str
    """The Pod, as ``namespace/name``."""


def about(its: Options) -> Iterator[Named]:
    """What it is about."""
    yield Named("pod", "pod", its.pod)


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.crash(its.pod)
