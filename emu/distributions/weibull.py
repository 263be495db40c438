"""The Weibull distribution: F(x) = 1 - exp(-(x / scale)^shape), by inversion.

A shape below 1 gives many short and a few very long durations, 1 is the exponential distribution,
above 1 they gather round the mean. The mean is scale * Gamma(1 + 1 / shape). Source: L. Devroye,
"Non-Uniform Random Variate Generation", 1986, on inversion.
"""

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

EXAMPLE = {"mean": "20ms", "shape": 0.7}


class Options(OptionsModel):
    """Weibull durations, by their mean and shape."""

    mean: Annotated[Duration, Field(gt=0, le=YEAR)]
    """The mean duration."""
    shape: Annotated[float, Field(ge=0.1, le=100)]
    """The shape: below 1 a long tail, above 1 a peak."""


def parameters(options: Options) -> tuple[float, ...]:
    """The scale in nanoseconds, and 1 / shape."""
    return options.mean / math.gamma(1 + 1 / options.shape), 1 / options.shape


def mean(options: Options) -> float:
    """The mean itself."""
    return float(options.mean)


@kernel
def draw(
    parameters: NDArray[np.float64], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """scale * (-ln(1 - u))^(1 / shape)."""
    exponential = -math.log(1.0 - uniform(seed, stream, request, attempt))
    return float(parameters[first] * exponential ** parameters[first + 1])
