"""Durations out of a column of a Parquet file, read whole and once, while the scenario is read."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emu.errors import UnknownNameError
from emu.units import YEAR

if TYPE_CHECKING:
    import pyarrow as pa


def durations(path: Path, column: str, unit_ns: int) -> NDArray[np.float64]:
    """The column's values in nanoseconds, sorted.

    Raises ValueError where there is no such file or column, or not a duration in every row.
    """
    numbers = _numbers(_read(path, column), column)
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


def _read(path: Path, column: str) -> "pa.ChunkedArray":
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = repr(str(path))
    if not path.is_file():
        raise ValueError(f"must name a Parquet file; there is no file {name}")
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if column not in names:
                shown = [known if known.isprintable() else repr(known) for known in names]
                raise ValueError(f"{UnknownNameError('column', column, shown)}, in {name}")
            return file.read(columns=[column])[column]
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"must name a Parquet file; {name} cannot be read: {reason}") from None


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
