"""An empirical distribution: durations that were measured, each with the same probability.

By inversion of the empirical distribution function. At most 10,000 values are kept. Of a column
that has more, each value kept is the mean of one 10,000th of its rows in the order of size: so the
mean is exact, and a quantile is as good as the ten-thousandths next to it, but what is rarer than
that shows only in their mean. Source: A. M. Law, "Simulation Modeling and Analysis", on empirical
distributions.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, model_validator

from emu.distributions._column import durations
from emu.kernel import kernel
from emu.quantities import Duration
from emu.random_streams import uniform
from emu.registry import OptionsModel
from emu.units import SECOND, YEAR

EXAMPLE = {"values": ["5ms", "20ms", "20ms", "60ms"]}

MOST_VALUES: Final = 10_000

_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": SECOND}


class Options(OptionsModel):
    """Measured durations: a list of them, or a column of a Parquet file.

    Once the column is read, the values stand in its place.
    """

    values: (
        Annotated[
            tuple[Annotated[Duration, Field(ge=0, le=YEAR)], ...],
            Field(min_length=1, max_length=MOST_VALUES),
        ]
        | None
    ) = None
    """The durations themselves, at most 10,000."""
    file: str | None = None
    """A Parquet file, by its path from the scenario's folder."""
    column: str | None = None
    """The column of the file that holds the durations, as integers or floats."""
    unit: Literal["ns", "us", "ms", "s"] | None = None
    """What the column's numbers count."""

    @model_validator(mode="after")
    def _one_source(self, info: ValidationInfo) -> "Options":
        if self.values is not None and {self.file, self.column, self.unit} == {None}:
            return self
        if self.values is not None or not (self.file and self.column and self.unit):
            raise ValueError("must have either values, or file, column and unit")
        path = Path((info.context or {}).get("folder", ""), self.file)
        found = _condensed(durations(path, self.column, _UNITS[self.unit]))
        return Options.model_construct(values=tuple(found.tolist()))


def _condensed(ordered: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole nanoseconds; of more values than are kept the means of so many equal parts.

    A row between two parts counts in both, by its shares.
    """
    if len(ordered) > MOST_VALUES:
        upto = np.concatenate([[0.0], np.cumsum(ordered)])
        edges = np.linspace(0, len(ordered), MOST_VALUES + 1)
        sums = np.diff(np.interp(edges, np.arange(len(upto)), upto))
        ordered = sums / (len(ordered) / MOST_VALUES)
    return np.rint(ordered).astype(np.int64)


def parameters(options: Options) -> tuple[float, ...]:
    """How many values, and the values in nanoseconds, sorted."""
    assert options.values is not None
    return float(len(options.values)), *map(float, sorted(options.values))


def mean(options: Options) -> float:
    """The mean of the values."""
    assert options.values is not None
    return sum(options.values) / len(options.values)


@kernel
def draw(
    parameters: NDArray[np.float64], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """The value that as great a share of them is below as the uniform draw says."""
    count = parameters[first]
    place = int(uniform(seed, stream, request, attempt) * count)
    return float(parameters[first + 1 + min(place, int(count) - 1)])
