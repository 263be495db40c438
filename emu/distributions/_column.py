"""Durations out of a column of a Parquet file, read whole and once, while the scenario is read."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emu.columns import parquet_column
from emu.units import YEAR

if TYPE_CHECKING:
    import pyarrow as pa


def durations(path: Path, column: str, unit_ns: int) -> NDArray[np.float64]:
    """The column's values in nanoseconds, sorted.

    Raises ValueError where there is no such file or column, or not a duration in every row.
    """
    numbers = _numbers(parquet_column(path, column), column)
    nanoseconds = numbers * unit_ns
    wrong = ~((nanoseconds >= 0) & (nanoseconds <= YEAR))
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"must name a column of durations from 0 to a year; {column!r} is {numbers[row]:g} in "
            f"row {row + 1}"
        )
    nanoseconds.sort()
    return nanoseconds


def _numbers(values: "pa.ChunkedArray", column: str) -> NDArray[np.float64]:
    from pyarrow import types

    kind: Any = values.type
    if not (types.is_integer(kind) or types.is_floating(kind)):
        raise ValueError(f"must name a column of numbers; {column!r} holds {kind}")
    if not len(values):
        raise ValueError(f"must name a column with values; {column!r} has none")
    if values.null_count:
        raise ValueError(
            f"must name a column without nulls; {column!r} has {values.null_count} in "
            f"{len(values)} rows"
        )
    return np.array(values.to_numpy(), np.float64)
