"""A Poisson process: independent exponential gaps, as from very many independent users.

Gaps are rounded to the nearest nanosecond, which changes their mean m (in nanoseconds) by a share
of 1 / (24 m^2) at most: a millionth at 5 million/s.
"""

import math

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.quantities import Rate
from emu.random_streams import ARRIVAL, uniform
from emu.registry import OptionsModel
from emu.units import SECOND

EXAMPLE = {"rate": "300/s"}


class Options(OptionsModel):
    """Requests at random moments, independent of one another."""

    rate: Rate
    """The mean rate."""


def parameters(options: Options) -> tuple[float, ...]:
    """The mean gap in nanoseconds."""
    return (SECOND / options.rate,)


def rate(options: Options) -> float:
    """The rate per second."""
    return options.rate


@kernel
def following(
    parameters: NDArray[np.float64], first: int, seed: int, request: int, index: int, previous: int
) -> int:
    """The previous time plus an exponential gap, rounded to whole nanoseconds."""
    gap = -parameters[first] * math.log(1.0 - uniform(seed, ARRIVAL, request, 0))
    return previous + int(gap + 0.5)
