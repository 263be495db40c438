"""Evenly spaced requests: number k comes at k / rate, without rounding errors adding up.

The gap is kept as whole nanoseconds and a fraction of one. k times the whole part is exact, and k
times the fraction is off by less than 0.001 ns for k < 2**40, where k times the gap as one double
would lose whole nanoseconds from 2**53 ns (104 days) on. So no request is more than half a
nanosecond and a thousandth off, besides what the rate's own double is off (1 part in 10**16).
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.quantities import Rate
from emu.registry import OptionsModel
from emu.units import SECOND

EXAMPLE = {"rate": "300/s"}


class Options(OptionsModel):
    """Requests at equal distances, the first at time 0."""

    rate: Rate
    """The rate."""


def parameters(options: Options) -> tuple[float, ...]:
    """The gap: whole nanoseconds, and the rest."""
    whole, rest = divmod(SECOND / Fraction(options.rate), 1)
    return float(whole), float(rest)


def rate(options: Options) -> float:
    """The rate per second."""
    return options.rate


@kernel
def following(
    parameters: NDArray[np.float64], first: int, seed: int, request: int, index: int, previous: int
) -> int:
    """The nanosecond nearest to k / rate."""
    return index * int(parameters[first]) + int(index * parameters[first + 1] + 0.5)
