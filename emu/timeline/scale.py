"""A Deployment is to have another number of Pods (``kubectl scale``)."""

from typing import Annotated, Any, Final

from pydantic import Field

from emu.timeline._forms import DeploymentName, Momentary
from emu.timeline._world import World

EXAMPLE: Final[dict[str, Any]] = {"deployment": "default/web", "replicas": 3}


class Options(Momentary):
    """What a scenario says of it."""

    deployment: DeploymentName
    """The Deployment, as ``namespace/name``."""
    replicas: Annotated[int, Field(ge=0, le=100_000)]
    """How many."""


def begin(world: World, its: Options) -> None:
    """Do it."""
    world.scale(its.deployment, its.replicas)
