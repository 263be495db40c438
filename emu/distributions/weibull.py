"""The Weibull distribution: F(x) = 1 - exp(-(x / scale)^shape), by inversion.

A shape below 1 gives many short and a few very long durations, 1 is the exponential distribution,
above 1 they gather round the mean. The mean is scale * Gamma(1 + 1 / shape). Source: L. Devroye,
"Non-Uniform Random Variate Generation", 1986, on inversion.
"""

import math
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from emu.distributions._fitting import RARE, check_spread, fitted
from emu.kernel import kernel
from emu.quantities import Duration
from emu.random_streams import uniform
from emu.registry import OptionsModel
from emu.units import YEAR

EXAMPLE = {"mean": "20ms", "shape": 0.7}


_LEAST_SHAPE, _MOST_SHAPE = 0.1, 100.0
_SHAPE_OF_MOST_P99: Final = 0.24413
"""With a smaller shape p99 falls again: nearly all durations are next to nothing."""
_LEAST_P99, _MOST_P99 = 1.03, 18.7


class Options(OptionsModel):
    """Weibull durations, by their mean and either ``shape`` or ``p99``."""

    mean: Annotated[Duration, Field(gt=0, le=YEAR)]
    """The mean duration."""
    shape: Annotated[float, Field(ge=_LEAST_SHAPE, le=_MOST_SHAPE)] | None = None
    """The shape: below 1 a long tail, above 1 a peak."""
    p99: Duration | None = None
    """The duration that one in a hundred exceeds."""

    @model_validator(mode="after")
    def _one_spread(self) -> "Options":
        check_spread(self.mean, self.p99, "shape", self.shape, _LEAST_P99, _MOST_P99)
        return self


def parameters(options: Options) -> tuple[float, ...]:
    """The scale in nanoseconds, and 1 / shape."""
    if options.p99 is None:
        assert options.shape is not None
        power = 1 / options.shape
    else:
        power = fitted(
            _p99_ratio, 1 / _MOST_SHAPE, 1 / _SHAPE_OF_MOST_P99, options.p99 / options.mean
        )
    return options.mean / math.gamma(1 + power), power


def _p99_ratio(power: float) -> float:
    """p99 / mean."""
    return float((-math.log(RARE)) ** power / math.gamma(1 + power))


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
