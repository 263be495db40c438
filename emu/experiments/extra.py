"""Libraries that only some experiments need: an extra of the package."""

from importlib import import_module
from typing import Any

from emu.errors import ResultsError


def needed(library: str) -> Any:
    """The library. Raises ResultsError with the way to install it where it is not there."""
    try:
        return import_module(library)
    except ImportError:
        raise ResultsError(f"needs the library {library}: pip install 'emu[distributed]'") from None
