"""A Parquet file that gets few rows: hops and events, gathered as tuples."""

from collections.abc import Sequence
from typing import Any, Final

from emu.recorder.table_file import TableFile

ROW_GROUP: Final = 1 << 14


class SmallTable:
    """Gathers rows and writes them to ``file`` by the row group."""

    def __init__(self, file: TableFile) -> None:
        self._file = file
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
        rows, self._rows = self._rows, []
        self._file.write_columns(zip(*rows, strict=True))
