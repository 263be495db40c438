"""The lognormal distribution: the usual shape of measured service times and latencies.

exp(mu + sigma Z) with a standard normal Z; its mean is exp(mu + sigma^2 / 2), its coefficient of
variation sqrt(exp(sigma^2) - 1), its p-quantile exp(mu + sigma z_p). Source: A. M. Law,
"Simulation Modeling and Analysis", on continuous distributions.
"""

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from emu.kernel import kernel
from emu.quantities import Duration
from emu.random_streams import normal
from emu.registry import OptionsModel
from emu.units import YEAR

EXAMPLE = {"mean": "20ms", "cv": 0.8}

_Z99 = 2.3263478740408408
"""The 99 % quantile of the standard normal distribution."""

_MOST_P99 = math.exp(_Z99**2 / 2)
"""No lognormal distribution has a 99 % quantile further than this above its mean, 14.97 times."""


class Options(OptionsModel):
    """Lognormal durations, by their mean and either ``cv`` or ``p99``."""

    mean: Annotated[Duration, Field(gt=0, le=YEAR)]
    """The mean duration."""
    cv: Annotated[float, Field(gt=0, le=100)] | None = None
    """The coefficient of variation: standard deviation / mean."""
    p99: Duration | None = None
    """The duration that one in a hundred exceeds."""

    @model_validator(mode="after")
    def _one_spread(self) -> "Options":
        if (self.cv is None) == (self.p99 is None):
            raise ValueError("must have exactly one of cv and p99")
        if self.p99 is not None and not 1 < self.p99 / self.mean <= _MOST_P99:
            raise ValueError("must have a p99 above its mean and at most 14.9 times the mean")
        return self


def parameters(options: Options) -> tuple[float, ...]:
    """mu and sigma; of the two sigmas that fit a p99, the smaller, which leaves less tail."""
    if options.cv is not None:
        sigma = math.sqrt(math.log1p(options.cv**2))
    else:
        assert options.p99 is not None
        sigma = _Z99 - math.sqrt(_Z99**2 - 2 * math.log(options.p99 / options.mean))
    return math.log(options.mean) - sigma**2 / 2, sigma


def mean(options: Options) -> float:
    """The mean itself."""
    return float(options.mean)


@kernel
def draw(
    parameters: NDArray[np.float64], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """exp(mu + sigma Z)."""
    z = normal(seed, stream, request, attempt)
    return math.exp(parameters[first] + parameters[first + 1] * z)
