"""A fixed duration."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.kernel import kernel
from emu.quantities import Duration
from emu.registry import OptionsModel
from emu.units import YEAR

EXAMPLE = {"value": "20ms"}


class Options(OptionsModel):
    """Always the same duration."""

    value: Annotated[Duration, Field(ge=0, le=YEAR)]
    """The duration."""


def parameters(options: Options) -> tuple[float, ...]:
    """The value in nanoseconds."""
    return (float(options.value),)


def mean(options: Options) -> float:
    """The value itself."""
    return float(options.value)


@kernel
def draw(
    parameters: NDArray[np.float64], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """The value."""
    return float(parameters[first])
