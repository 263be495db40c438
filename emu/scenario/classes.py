"""Kinds of requests of a client: how many of each, how large, and how long they take."""

from typing import Annotated

from pydantic import Field

from emu.distributions import Distribution
from emu.quantities import Size
from emu.registry import OptionsModel
from emu.scenario.fields import Name


class RequestClass(OptionsModel):
    """Requests of one kind, such as those of a path."""

    name: Name
    """Its name in results."""
    weight: Annotated[float, Field(gt=0, le=1_000_000)] = 1.0
    """Its share of the client's requests, in proportion to those of the other classes."""
    request_size: Size | None = None
    """Bytes of a request; the client's where nothing is said."""
    response_size: Size | None = None
    """Bytes of an answer; the client's where nothing is said."""
    service_time: Distribution | None = None
    """How long a worker at speed 1 is busy with one, whichever Pod it is; the Pod's own where
    nothing is said."""
