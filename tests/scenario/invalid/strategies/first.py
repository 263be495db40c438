"""The first of some of the backends."""

from pydantic import Field

from emu.registry import OptionsModel


class Options(OptionsModel):
    """How many."""

    most: int = Field(2, ge=1)
    """Backends that are looked at."""


def pick(backends, memory, now, key, seed, request, attempt):
    """Says which."""
    return 0
