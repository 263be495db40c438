"""The process of a Pod ends by itself; the kubelet starts it again."""

from typing import Any, Final

from emu.timeline._forms import Momentary, PodName
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"pod": "default/web-0"}


class Options(Momentary):
    """What a scenario says of it."""

    pod: PodName
    """The Pod, as ``namespace/name``."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.crash(its.pod)
