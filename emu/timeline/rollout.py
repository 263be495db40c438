"""The Pods of a Deployment are replaced, as its strategy says (``kubectl rollout restart``)."""

from collections.abc import Iterator
from typing import Any, Final

from emu.timeline._forms import Momentary, Named
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"deployment": "default/web"}


class Options(Momentary):
    """What a scenario says of it."""

    deployment: str
    """The Deployment, as ``namespace/name``."""


def about(its: Options) -> Iterator[Named]:
    """What it is about."""
    yield Named("deployment", "deployment", its.deployment)


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.roll_out(its.deployment)
