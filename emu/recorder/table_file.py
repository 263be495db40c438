"""One Parquet file of a run: how it is encoded, and what becomes of the system's refusals.

Measured on the 34 columns of requests.parquet: see `emu.recorder.writing`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from emu.errors import ResultsError
from emu.recorder.columns import NAME, TABLES, schema
from emu.recorder.header import Header, to_metadata


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn what the system refuses about ``path`` into a ResultsError that says so plainly."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise ResultsError(f"cannot write {path}: {reason}") from error


class TableFile:
    """A Parquet file being written, one row group a call; its header goes in at the end."""

    def __init__(self, folder: Path, table: str) -> None:
        self._path = folder / f"{table}.parquet"
        columns = TABLES[table]
        numbers = [column for column in columns if pa.types.is_integer(column.type)]
        with refusals(self._path):
            self._writer = pq.ParquetWriter(
                self._path,
                schema(table),
                compression="zstd",
                compression_level=1,
                use_dictionary=[column.name for column in columns if column.type == NAME],
                column_encoding={column.name: "DELTA_BINARY_PACKED" for column in numbers},
                write_statistics=[column.name for column in numbers],
            )

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the batch as one row group."""
        with refusals(self._path):
            self._writer.write_batch(batch, row_group_size=max(1, batch.num_rows))

    def close(self, header: Header) -> None:
        """Write the footer, with the header."""
        with refusals(self._path):
            self._writer.add_key_value_metadata(to_metadata(header))
            self._writer.close()

    def abandon(self) -> None:
        """Close the file as it is: it will be thrown away."""
        with suppress(Exception):
            self._writer.close()
