"""Poisson arrivals at a rate that changes in steps, the last of which lasts on.

How times are drawn stands in `emu.workload._changing_rate`.
"""

from typing import Annotated

from pydantic import Field, field_validator

from emu.quantities import Duration, RateOrZero
from emu.registry import OptionsModel
from emu.units import YEAR
from emu.workload._changing_rate import MOST_PIECES, Piece, check_order, following, lasting

__all__ = ["EXAMPLE", "Options", "following", "parameters", "rate"]

EXAMPLE = {"steps": [{"at": "0s", "rate": "100/s"}, {"at": "100ms", "rate": "300/s"}]}


class Step(OptionsModel):
    """A rate from a time on."""

    at: Annotated[Duration, Field(le=YEAR)]
    """The time of the run from which on it holds."""
    rate: RateOrZero
    """The rate until the next step."""


class Options(OptionsModel):
    """Requests at random moments, at a rate that jumps now and then."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=MOST_PIECES)]
    """Rates in the order of time, the first from 0 s on; the last one lasts on."""

    @field_validator("steps")
    @classmethod
    def _is_a_rate(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if steps[0].at > 0:
            raise ValueError("must begin with a step at 0s")
        check_order([step.at for step in steps])
        if steps[-1].rate == 0:
            raise ValueError("must end with a rate greater than 0")
        return steps


def parameters(options: Options) -> tuple[float, ...]:
    """The rate of each step, as of `emu.workload._changing_rate`."""
    return lasting([Piece(step.at, step.rate, step.rate) for step in options.steps])


def rate(options: Options) -> float:
    """The rate per second of the last step: the mean in the long run."""
    return options.steps[-1].rate
