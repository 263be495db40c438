"""The tables of a sweep: one row for each run, and one for each point."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa

from emu.analysis.comparison import Estimate
from emu.analysis.metrics import METRICS
from emu.experiments.axis import numbers
from emu.experiments.replications import OF_A_RUN, table_of
from emu.experiments.varying import written
from emu.recorder.columns import NAME, Column

POINTS: Final = "points.parquet"
"""The name of the table of points in the folder of a sweep."""

_POINT: Final = Column("point", pa.int32(), "", "number of the point, from 0", False)
_ENDS: Final = (
    ("mean", "mean over the replications of the"),
    ("low", "lower end of the interval of the mean"),
    ("high", "upper end of the interval of the mean"),
)
_OF_A_POINT: Final = (
    Column("replications", pa.int32(), "", "how many of its runs were made", False),
    Column("failed", pa.string(), "", "why it has no numbers, where it failed"),
    Column("quantile_error", pa.float64(), "", "how far quantiles may be off, as a share"),
    *(
        Column(f"{metric.name}_{end}", pa.float64(), metric.unit, f"{words} {metric.meaning}")
        for metric in METRICS
        for end, words in _ENDS
    ),
)


class SweepRun(NamedTuple):
    """One run of a sweep: what stands in its row, and how far each metric may be off."""

    point: int
    replication: int
    seed: int
    run: str
    """Its folder, below that of all results."""
    quantile_error: float
    values: tuple[float | None, ...]
    errors: tuple[float, ...]


class Point(NamedTuple):
    """A point of a sweep, and what came of it."""

    settings: Mapping[str, Any]
    """What it has in place of the file's values, by path."""
    replications: int
    """How many of its runs were made."""
    failed: str | None
    """Why it has no numbers."""
    quantile_error: float | None = None
    """Largest relative error of its quantiles, 0 where they are exact."""
    metrics: Mapping[str, Estimate] = {}
    """By their names, as `METRICS` has them."""


def columns_of_runs(varied: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of replications.parquet."""
    return _POINT, *varied, *OF_A_RUN


def columns_of_points(varied: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of points.parquet."""
    return _POINT, *varied, *_OF_A_POINT


def varied_columns(path: str, unit: str | None) -> tuple[Column, ...]:
    """The columns of a varied path; the second, with its number, where all have one unit."""
    text = Column(path, NAME, "", "the value of this path, as it is written", False)
    if unit is None:
        return (text,)
    number = Column(f"{path}:number", pa.float64(), unit, "the same value as a number", False)
    return text, number


EXAMPLE: Final = varied_columns("PATH", "")
"""What stands for the columns of each varied path where no sweep is at hand."""


def tables(
    points: Sequence[Point], runs: Sequence[SweepRun], header: Mapping[str, Any]
) -> tuple[pa.Table, pa.Table]:
    """The table of runs and that of points, both in the order of the points."""
    columns, values = _varied(points)
    by_run = (
        (run.point, *values[run.point], run.replication, run.seed, run.run, run.quantile_error,
         *run.values)
        for run in runs
    )  # fmt: skip
    by_point = (
        (number, *values[number], point.replications, point.failed, point.quantile_error,
         *_ends(point))
        for number, point in enumerate(points)
    )  # fmt: skip
    return (
        table_of(columns_of_runs(columns), by_run, header),
        table_of(columns_of_points(columns), by_point, header),
    )


def _varied(points: Sequence[Point]) -> tuple[list[Column], list[tuple[Any, ...]]]:
    """The columns of what is varied, and the values of each point in them."""
    columns, values = list[Column](), list[Sequence[Any]]()
    for path in points[0].settings:
        taken = [point.settings[path] for point in points]
        found = numbers(taken)
        columns += varied_columns(path, found and found[1])
        values.append([written(value) for value in taken])
        if found is not None:
            values.append([float(number) for number in found[0]])
    return columns, list(zip(*values, strict=True))


def _ends(point: Point) -> Iterator[float | None]:
    for metric in METRICS:
        found = point.metrics.get(metric.name)
        for end, _ in _ENDS:
            yield None if found is None else getattr(found, end)
