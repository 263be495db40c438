"""A column of a file, read whole: of a Parquet file as it is, of a CSV file as text.

Each raises ValueError, with the rule that is broken, where there is no such file or column.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from emu.errors import UnknownNameError

if TYPE_CHECKING:
    import pyarrow as pa


def parquet_column(path: Path, column: str) -> "pa.ChunkedArray":
    """The column of a Parquet file."""
    import pyarrow.parquet as pq

    with _reading(path, "a Parquet file"), pq.ParquetFile(path) as file:
        _check_name(path, column, file.schema_arrow.names)
        return file.read(columns=[column])[column]


def csv_column(path: Path, column: str) -> "pa.ChunkedArray":
    """The column of a CSV file whose first line has the names, as text; it may be compressed."""
    import pyarrow as pa
    from pyarrow import csv

    with _reading(path, "a CSV file"):
        with csv.open_csv(path) as file:
            _check_name(path, column, file.schema.names)
        as_text = csv.ConvertOptions(include_columns=[column], column_types={column: pa.string()})
        return csv.read_csv(path, convert_options=as_text)[column]


def check_file(path: Path, kind: str) -> None:
    """Raise ValueError where there is no such file; ``kind`` says what it should be."""
    try:
        found = path.is_file()
    except OSError:  # a name that is too long, or a folder that may not be looked into
        found = False
    if not found:
        raise ValueError(f"must name {kind}; there is no file {str(path)!r}")


@contextmanager
def _reading(path: Path, kind: str) -> Iterator[None]:
    import pyarrow as pa

    check_file(path, kind)
    name = repr(str(path))
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"must name {kind}; {name} cannot be read: {reason}") from None


def _check_name(path: Path, column: str, names: list[str]) -> None:
    if column not in names:
        shown = [known if known.isprintable() else repr(known) for known in names]
        raise ValueError(f"{UnknownNameError('column', column, shown)}, in {str(path)!r}")
    if names.count(column) > 1:
        raise ValueError(
            f"must name one column; {str(path)!r} has {names.count(column)} of {column!r}"
        )
