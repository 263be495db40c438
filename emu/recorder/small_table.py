"""A Parquet file that gets few rows: hops and events, gathered as tuples."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from emu.recorder.columns import schema
from emu.recorder.table_file import TableFile

ROW_GROUP: Final = 1 << 14


class SmallTable:
    """Gathers rows and writes them to ``file`` by the row group."""

    def __init__(self, file: TableFile, table: str) -> None:
        self._file = file
        self._schema = schema(table)
        self._rows: list[Sequence[Any]] = []

    def add(self, row: Sequence[Any]) -> None:
        """Take one row, with the table's columns in their order."""
        self._rows.append(row)
        if len(self._rows) == ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered, if anything."""
        if not self._rows:
            return
        columns = zip(self._schema, zip(*self._rows, strict=True), strict=True)
        arrays = [pa.array(values, field.type) for field, values in columns]
        self._rows = []
        self._file.write(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
