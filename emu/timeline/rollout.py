"""The Pods of a Deployment are replaced, as its strategy says (``kubectl rollout restart``)."""

from typing import Any, Final

from emu.timeline._forms import DeploymentName, Momentary
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"deployment": "default/web"}


class Options(Momentary):
    """What a scenario says of it."""

    deployment: DeploymentName
    """The Deployment, as ``namespace/name``."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.roll_out(its.deployment)
