"""Poisson arrivals at a rate that follows the time of day: linear between points, every period.

The last point leads back to the first one of the next period. How times are drawn stands in
`emu.workload._changing_rate`.
"""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from emu.quantities import Duration, RateOrZero
from emu.registry import OptionsModel
from emu.units import SECOND, YEAR
from emu.workload._changing_rate import (
    MOST_PIECES,
    Piece,
    check_mean,
    check_order,
    following,
    mean_rate,
    repeated,
)

__all__ = ["EXAMPLE", "Options", "following", "parameters", "rate"]

EXAMPLE = {
    "period": "400ms",
    "points": [
        {"at": "50ms", "rate": "50/s"},
        {"at": "200ms", "rate": "500/s"},
        {"at": "300ms", "rate": "0/s"},
    ],
}


class Point(OptionsModel):
    """The rate at a time of the period."""

    at: Duration
    """The time since the start of the period."""
    rate: RateOrZero
    """The rate at that time."""


class Options(OptionsModel):
    """Requests at random moments, more at some times of the day than at others."""

    period: Annotated[Duration, Field(gt=0, le=YEAR)] = 24 * 3600 * SECOND
    """After how long the rate repeats itself; a day by default."""
    points: Annotated[tuple[Point, ...], Field(min_length=1, max_length=MOST_PIECES)]
    """Rates in the order of time; between two points, and from the last to the first of the next
    period, the rate is on a straight line."""

    @model_validator(mode="after")
    def _is_a_rate(self) -> "Options":
        check_order([point.at for point in self.points])
        if self.points[-1].at >= self.period:
            raise ValueError("must have all points before the end of the period")
        check_mean(mean_rate(_pieces(self), self.period))
        return self


def parameters(options: Options) -> tuple[float, ...]:
    """The rate between the points, as of `emu.workload._changing_rate`."""
    return repeated(_pieces(options), options.period)


def rate(options: Options) -> float:
    """The mean rate per second over a period."""
    return mean_rate(_pieces(options), options.period)


def _pieces(options: Options) -> list[Piece]:
    """The lines between the points; the one from the last to the first may be cut in two."""
    points = options.points
    first, last = points[0], points[-1]
    before = options.period - last.at
    at_start = last.rate + (first.rate - last.rate) * (before / (before + first.at))
    pieces = [] if first.at == 0 else [Piece(0, at_start, first.rate)]
    for point, next_point in pairwise(points):
        pieces.append(Piece(point.at, point.rate, next_point.rate))
    return [*pieces, Piece(last.at, last.rate, at_start)]
