"""When requests came, by a column of a Parquet or CSV file.

A column of numbers counts a unit of time from anywhere; what else there is are timestamps, in CSV
and in columns of text those of ISO 8601. Numbers in text are read as decimals and integers stay
integers, so both are exact; a float of seconds since 1970 is known to some 200 ns.
"""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.columns import csv_column, parquet_column
from emu.units import SECOND

if TYPE_CHECKING:
    import pyarrow as pa

UNITS: Final = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": SECOND}
"""Nanoseconds of what a column's numbers may count."""

_DIGITS: Final = 27
_DECIMALS: Final = 9


def column_times(
    path: Path, form: str, column: str, unit: str | None, sort: bool, longest: int
) -> NDArray[np.int64]:
    """The times of a column in nanoseconds since the first, in order; sorted if they may be.

    ``form`` is ``parquet`` or ``csv``, ``longest`` how many nanoseconds there may be from the first
    to the last. Raises ValueError where there is no such column of times, or it is out of order.
    """
    values = csv_column(path, column) if form == "csv" else parquet_column(path, column)
    if values.null_count:
        raise ValueError(f"must name a column without nulls; {column!r} has {values.null_count}")
    numbers, scale = _numbers(values, column, unit)
    if not len(numbers):
        return np.zeros(0, np.int64)
    if not sort:
        _check_order(numbers, values, column)
    span = float(numbers.max()) - float(numbers.min())
    if span * scale > longest:
        raise ValueError(
            f"must name a trace of at most {longest / SECOND / 86400:.0f} days; the times in "
            f"{column!r} are {span * scale / SECOND / 86400:.4g} days apart"
        )
    times: NDArray[np.int64] = np.rint((numbers - numbers.min()) * scale).astype(np.int64)
    times.sort()
    return times


def _numbers(values: "pa.ChunkedArray", column: str, unit: str | None) -> tuple[NDArray[Any], int]:
    """The times as int64 or float64, and the nanoseconds of 1."""
    from pyarrow import types

    kind: Any = values.type
    if types.is_timestamp(kind):
        if unit is not None:
            raise ValueError(f"must have no unit; {column!r} holds timestamps")
        return _integers(values), UNITS[kind.unit]
    if types.is_string(kind) or types.is_large_string(kind):
        return _integers(_read_text(values, column, unit)), 1
    if not (types.is_integer(kind) or types.is_floating(kind)):
        raise ValueError(f"must name a column of numbers or timestamps; {column!r} holds {kind}")
    if unit is None:
        raise ValueError(f"must have a unit, of the numbers in {column!r}")
    if types.is_integer(kind):
        return _integers(values), UNITS[unit]
    numbers = np.array(values.to_numpy(), np.float64)
    if not np.isfinite(numbers).all():
        raise _wrong(values, column, int(np.isfinite(numbers).argmin()), "finite numbers")
    return numbers, UNITS[unit]


def _integers(values: "pa.ChunkedArray") -> NDArray[np.int64]:
    import pyarrow as pa

    try:
        return np.array(values.cast(pa.int64()).to_numpy())
    except pa.ArrowInvalid:
        raise ValueError("must name a column of integers of 64 bits") from None


def _read_text(values: "pa.ChunkedArray", column: str, unit: str | None) -> "pa.ChunkedArray":
    """Numbers of the unit, or timestamps where there is none, as whole nanoseconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if unit is not None:
        kind: Any = pa.decimal128(_DIGITS, _DECIMALS)
        what = f"numbers with at most {_DECIMALS} decimals, for there is a unit"
        scale = pa.scalar(Decimal(UNITS[unit]), pa.decimal128(10, 0))
        numbers = _cast(values, column, kind, what)
        return pc.round(pc.multiply(numbers, scale))
    zone = "UTC" if _fits(values[:1], pa.timestamp("ns", "UTC")) else None
    what = f"ISO 8601 timestamps {'with' if zone else 'without'} a time zone, for there is no unit"
    return _cast(values, column, pa.timestamp("ns", zone), what)


def _cast(values: "pa.ChunkedArray", column: str, kind: Any, what: str) -> "pa.ChunkedArray":
    """The texts as this type; the first one that is none is found by halving."""
    if _fits(values, kind):
        return values.cast(kind)
    good, bad = 0, len(values)
    while bad - good > 1:
        middle = (good + bad) // 2
        if _fits(values[good:middle], kind):
            good = middle
        else:
            bad = middle
    raise _wrong(values, column, good, what)


def _fits(values: "pa.ChunkedArray", kind: Any) -> bool:
    import pyarrow as pa

    try:
        return bool(values.cast(kind).null_count == 0)
    except pa.ArrowInvalid:
        return False


def _check_order(numbers: NDArray[Any], values: "pa.ChunkedArray", column: str) -> None:
    early = numbers[1:] < numbers[:-1]
    if early.any():
        row = int(early.argmax()) + 1
        raise ValueError(
            f"must name a trace in the order of time, or have sort: true; {column!r} is "
            f"{_text(values, row)} in row {row + 1}, after {_text(values, row - 1)}"
        )


def _wrong(values: "pa.ChunkedArray", column: str, row: int, what: str) -> ValueError:
    shown = _text(values, row)
    return ValueError(f"must name a column of {what}; {column!r} is {shown} in row {row + 1}")


def _text(values: "pa.ChunkedArray", row: int) -> str:
    """A value of the column as a message shows it."""
    import pyarrow as pa
    from pyarrow import types

    (text,) = values[row : row + 1].cast(pa.string()).to_pylist()
    return repr(text[:40]) if types.is_string(values.type) else str(text)
