"""Poisson arrivals at a steady rate with bursts at fixed times.

How times are drawn stands in `emu.workload._changing_rate`.
"""

from typing import Annotated

from pydantic import Field, model_validator

from emu.quantities import Duration, Rate, RateOrZero
from emu.registry import OptionsModel
from emu.units import YEAR
from emu.workload._changing_rate import Piece, check_mean, following, mean_rate, repeated

__all__ = ["EXAMPLE", "Options", "following", "parameters", "rate"]

EXAMPLE = {"rate": "200/s", "burst": "2000/s", "every": "100ms", "lasting": "10ms"}


class Options(OptionsModel):
    """Requests at random moments, with bursts of them; the first burst begins at time 0."""

    rate: RateOrZero
    """The rate between bursts."""
    burst: Rate
    """The rate in a burst, instead of the other one."""
    every: Annotated[Duration, Field(gt=0, le=YEAR)]
    """From the beginning of a burst to that of the next."""
    lasting: Annotated[Duration, Field(gt=0)]
    """How long a burst lasts."""

    @model_validator(mode="after")
    def _is_a_rate(self) -> "Options":
        if self.lasting >= self.every:
            raise ValueError("must have lasting shorter than every")
        check_mean(mean_rate(_pieces(self), self.every))
        return self


def parameters(options: Options) -> tuple[float, ...]:
    """The burst and the time between, as of `emu.workload._changing_rate`."""
    return repeated(_pieces(options), options.every)


def rate(options: Options) -> float:
    """The mean rate per second, bursts included."""
    return mean_rate(_pieces(options), options.every)


def _pieces(options: Options) -> list[Piece]:
    return [
        Piece(0, options.burst, options.burst),
        Piece(options.lasting, options.rate, options.rate),
    ]
