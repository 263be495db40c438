"""The Pareto distribution: F(x) = 1 - (least / x)^shape for x >= least, by inversion.

A heavy tail: no variance where the shape is 2 or less. The mean is least * shape / (shape - 1).
Source: L. Devroye, "Non-Uniform Random Variate Generation", 1986, on inversion.
"""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from emu.distributions._fitting import RARE, check_spread, fitted
from emu.kernel import kernel
from emu.quantities import Duration
from emu.random_streams import uniform
from emu.registry import OptionsModel
from emu.units import YEAR

EXAMPLE = {"mean": "20ms", "shape": 3.5}


_MOST_SHAPE = 100.0
_SHAPE_OF_MOST_P99 = 1 / (1 + 1 / math.log(RARE))
"""1.277; with a smaller shape p99 falls again: the mean is that of ever rarer durations."""
_LEAST_P99, _MOST_P99 = 1.04, 7.98


class Options(OptionsModel):
    """Pareto durations, by their mean and either ``shape`` or ``p99``."""

    mean: Annotated[Duration, Field(gt=0, le=YEAR)]
    """The mean duration."""
    shape: Annotated[float, Field(gt=1, le=_MOST_SHAPE)] | None = None
    """The shape, also called the tail index: the smaller, the heavier the tail."""
    p99: Duration | None = None
    """The duration that one in a hundred exceeds."""

    @model_validator(mode="after")
    def _one_spread(self) -> "Options":
        check_spread(self.mean, self.p99, "shape", self.shape, _LEAST_P99, _MOST_P99)
        return self


def parameters(options: Options) -> tuple[float, ...]:
    """The least duration in nanoseconds, and -1 / shape."""
    if options.p99 is None:
        assert options.shape is not None
        return options.mean * (options.shape - 1) / options.shape, -1 / options.shape
    power = fitted(_p99_ratio, 1 / _MOST_SHAPE, 1 / _SHAPE_OF_MOST_P99, options.p99 / options.mean)
    return options.mean * (1 - power), -power


def _p99_ratio(power: float) -> float:
    """p99 / mean."""
    return float(RARE**-power * (1 - power))


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
