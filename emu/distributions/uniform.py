"""The uniform distribution: every duration from ``low`` to ``high`` alike."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from emu import random_streams
from emu.kernel import kernel
from emu.quantities import Duration
from emu.registry import OptionsModel
from emu.units import YEAR

EXAMPLE = {"low": "5ms", "high": "20ms"}


class Options(OptionsModel):
    """Any duration between two, with the same probability."""

    low: Annotated[Duration, Field(ge=0)]
    """The shortest duration."""
    high: Annotated[Duration, Field(le=YEAR)]
    """The longest duration."""

    @model_validator(mode="after")
    def _in_order(self) -> "Options":
        if self.high <= self.low:
            raise ValueError("must have a high above its low")
        return self


def parameters(options: Options) -> tuple[float, ...]:
    """The lower end and the width, in nanoseconds."""
    return float(options.low), float(options.high - options.low)


def mean(options: Options) -> float:
    """The middle."""
    return (options.low + options.high) / 2


@kernel
def draw(
    parameters: NDArray[np.float64], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """The lower end plus a uniform share of the width."""
    share = random_streams.uniform(seed, stream, request, attempt)
    return float(parameters[first] + parameters[first + 1] * share)
