"""The requests of a client come faster for a time.

What it sends is known when the model is made, so that there is nothing to do when the time comes:
see `emu.workload`.
"""

from typing import Annotated, Any, Final

from pydantic import Field

from emu.timeline._forms import ClientName, Lasting

EXAMPLE: Final[dict[str, Any]] = {"client": "internet", "factor": 3}


class Options(Lasting):
    """What a scenario says of it."""

    client: ClientName
    """The client, which must not be a closed loop."""
    factor: Annotated[float, Field(ge=0.001, le=1000)]
    """How many times as fast its requests come."""
