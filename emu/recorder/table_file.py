"""One Parquet file of a run: how it is encoded, and what becomes of the system's refusals.

Integers are DELTA_BINARY_PACKED, names dictionaries, and all but the times zstd at level 1.
Measured on the 34 columns of requests.parquet with pyarrow 26, one thread of an AMD EPYC, Poisson
arrivals on 40 nodes and 200 Pods, 131,072 rows a row group; ns and bytes a row:

=========================================  =====  =====
as above                                     269   35.2
times compressed too                         338   35.2
no compression                               277   37.6
times plain, uncompressed                    240   77.7
no statistics, everything compressed         317   35.2
=========================================  =====  =====

The differences of times are as random as the arrivals, so zstd finds nothing in them.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

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
        self._schema = schema(table)
        columns = TABLES[table]
        numbers = [column for column in columns if pa.types.is_integer(column.type)]
        with refusals(self._path):
            self._writer = pq.ParquetWriter(
                self._path,
                self._schema,
                compression={
                    column.name: "none" if column.unit == "ns" else "zstd" for column in columns
                },
                compression_level={column.name: 1 for column in columns if column.unit != "ns"},
                use_dictionary=[column.name for column in columns if column.type == NAME],
                column_encoding={column.name: "DELTA_BINARY_PACKED" for column in numbers},
                write_statistics=[column.name for column in numbers if not column.nullable],
            )

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the batch as one row group."""
        with refusals(self._path):
            self._writer.write_batch(batch, row_group_size=max(1, batch.num_rows))

    def write_columns(self, columns: Iterable[Any]) -> None:
        """Write the columns, each a sequence of plain values or an array, as one row group."""
        fields = zip(self._schema, columns, strict=True)
        arrays = [pa.array(values, field.type) for field, values in fields]
        self.write(pa.RecordBatch.from_arrays(arrays, schema=self._schema))

    def close(self, header: Header) -> None:
        """Write the footer, with the header."""
        with refusals(self._path):
            self._writer.add_key_value_metadata(to_metadata(header))
            self._writer.close()

    def abandon(self) -> None:
        """Close the file as it is: it will be thrown away."""
        with suppress(Exception):
            self._writer.close()
        # What could not be closed would be closed once more when it is forgotten, and on a full
        # disk Python then prints what that meets.
        self._writer.is_open = False
