"""The exponential distribution: F(x) = 1 - exp(-x / mean), by inversion."""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.kernel import kernel
from emu.quantities import Duration
from emu.random_streams import uniform
from emu.registry import OptionsModel
from emu.units import YEAR

EXAMPLE = {"mean": "20ms"}


class Options(OptionsModel):
    """Memoryless durations."""

    mean: Annotated[Duration, Field(gt=0, le=YEAR)]
    """The mean duration."""


def parameters(options: Options) -> tuple[float, ...]:
    """The mean in nanoseconds."""
    return (float(options.mean),)


def mean(options: Options) -> float:
    """The mean itself."""
    return float(options.mean)


@kernel
def draw(
    parameters: NDArray[np.float64], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """Minus the mean times the logarithm of a uniform draw in (0, 1]."""
    unit = 1.0 - uniform(seed, stream, request, attempt)
    return float(-parameters[first] * math.log(unit))
