"""metrics.parquet: samples of many objects at once, gathered by the column."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from emu.recorder.columns import schema
from emu.recorder.table_file import TableFile

ROW_GROUP: Final = 1 << 14
"""So many rows at least are written at once."""


class MetricTable:
    """Gathers samples and writes them to ``file`` by the row group."""

    def __init__(self, file: TableFile) -> None:
        self._file = file
        self._schema = schema("metrics")
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
        arrays = [
            pa.array(column, field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._forget()
        self._file.write(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
