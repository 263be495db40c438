"""When something is done to a run, and to what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from pydantic import Field

from emu.quantities import Duration
from emu.registry import OptionsModel


class Momentary(OptionsModel):
    """What happens at one moment."""

    at: Annotated[Duration, Field(ge=0)]
    """When in the run."""


class Lasting(Momentary):
    """What lasts, and is over then."""

    lasting: Annotated[Duration, Field(gt=0)] | None = Field(default=None, alias="for")
    """For how long; to the end of the run where nothing is said."""


@dataclass(frozen=True)
class _Names:
    """Marks a field that names something of this kind."""

    kind: str


NodeName = Annotated[str, _Names("node")]
PodName = Annotated[str, _Names("pod")]
DeploymentName = Annotated[str, _Names("deployment")]
LoadBalancerName = Annotated[str, _Names("load balancer")]
ClientName = Annotated[str, _Names("client")]
LinkEnds = Annotated[tuple[str, str], _Names("link")]


class Named(NamedTuple):
    """What an action is about: the ``field`` that names it, of which ``kind`` it is (``node``,
    ``pod``, ``deployment``, ``load balancer``, ``client`` or ``link``), and its name; that of a
    link is its two ends with a space between."""

    field: str
    kind: str
    name: str


def about(options: Momentary) -> Iterator[Named]:
    """What an action names, in the order of its fields."""
    for field, its in type(options).model_fields.items():
        for mark in its.metadata:
            if isinstance(mark, _Names):
                said = getattr(options, field)
                name = said if isinstance(said, str) else " ".join(said)
                yield Named(its.alias or field, mark.kind, name)
