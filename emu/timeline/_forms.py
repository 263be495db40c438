"""When something is done to a run, and to what."""

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


class Named(NamedTuple):
    """What an action is about: the ``field`` that names it, of which ``kind`` it is (``node``,
    ``pod``, ``deployment``, ``load balancer``, ``client`` or ``place``), and its name."""

    field: str
    kind: str
    name: str
