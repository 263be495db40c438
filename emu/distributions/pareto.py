"""The Pareto distribution: F(x) = 1 - (least / x)^shape for x >= least, by inversion.

A heavy tail: no variance where the shape is 2 or less. The mean is least * shape / (shape - 1).
Source: L. Devroye, "Non-Uniform Random Variate Generation", 1986, on inversion.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.kernel import kernel
from emu.quantities import Duration
from emu.random_streams import uniform
from emu.registry import OptionsModel
from emu.units import YEAR

EXAMPLE = {"mean": "20ms", "shape": 3.5}


class Options(OptionsModel):
    """Pareto durations, by their mean and shape."""

    mean: Annotated[Duration, Field(gt=0, le=YEAR)]
    """The mean duration."""
    shape: Annotated[float, Field(gt=1, le=100)]
    """The shape, also called the tail index: the smaller, the heavier the tail."""


def parameters(options: Options) -> tuple[float, ...]:
    """The least duration in nanoseconds, and -1 / shape."""
    return options.mean * (options.shape - 1) / options.shape, -1 / options.shape


def mean(options: Options) -> float:
    """The mean itself."""
    return float(options.mean)


@kernel
def draw(
    parameters: NDArray[np.float64], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """least * (1 - u)^(-1 / shape)."""
    unit = 1.0 - uniform(seed, stream, request, attempt)
    return float(parameters[first] * unit ** parameters[first + 1])
