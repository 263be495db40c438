"""Evenly spaced requests: number k comes at k / rate, without rounding errors adding up."""

import math
from typing import Any

from numpy.typing import NDArray

from emu.kernel import kernel
from emu.quantities import Rate
from emu.registry import OptionsModel
from emu.units import SECOND


class Options(OptionsModel):
    """Requests at equal distances, the first at time 0."""

    rate: Rate
    """The rate."""


def parameters(options: Options) -> tuple[float, ...]:
    """The gap in nanoseconds."""
    return (SECOND / options.rate,)


def rate(options: Options) -> float:
    """The rate per second."""
    return options.rate


@kernel
def following(
    parameters: NDArray[Any], first: int, seed: int, request: int, index: int, previous: int
) -> int:
    """The nanosecond in which k / rate lies."""
    return int(math.floor(index * parameters[first]))
