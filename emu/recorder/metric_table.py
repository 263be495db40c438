"""metrics.parquet: samples of many objects at once, gathered by the column."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emu.recorder.small_table import ROW_GROUP
from emu.recorder.table_file import TableFile


class MetricTable:
    """Gathers samples and writes them to ``file``, at least a row group at once."""

    def __init__(self, file: TableFile) -> None:
        self._file = file
        self._forget()

    def _forget(self) -> None:
        self._at: list[int] = []
        self._metrics: list[str] = []
        self._lengths: list[int] = []
        self._objects: list[str] = []
        self._values: list[NDArray[np.float64]] = []

    def add(
        self, at_ns: int, metric: str, objects: Sequence[str], values: NDArray[np.float64]
    ) -> None:
        """Take one sample of a metric for each of these objects."""
        self._at.append(at_ns)
        self._metrics.append(metric)
        self._lengths.append(len(objects))
        self._objects += objects
        self._values.append(values)
        if len(self._objects) >= ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered, if anything."""
        if not self._objects:
            return
        repeated = zip(self._metrics, self._lengths, strict=True)
        columns = (
            np.repeat(np.array(self._at, np.int64), self._lengths),
            [metric for metric, length in repeated for _ in range(length)],
            self._objects,
            np.concatenate(self._values),
        )
        self._forget()
        self._file.write_columns(columns)
