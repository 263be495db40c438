"""requests.parquet, read a row group at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from emu.errors import ResultsError
from emu.recorder.header import from_metadata
from emu.recorder.rows import ABSENT

Chunk = dict[str, NDArray[np.int64]]
"""Columns of some rows by name; names are codes (see `Requests.names`), null is ABSENT."""


class Requests:
    """The requests of a run in ``folder``.

    Raises ResultsError where there are none to read, or not all: what is said of a run is said of
    all its requests. Who says that it speaks of a sample asks with ``sample`` for what there is.
    """

    def __init__(self, folder: Path, sample: bool = False) -> None:
        path = folder / "requests.parquet"
        try:
            self._file = pq.ParquetFile(path)
        except FileNotFoundError:
            raise ResultsError(f"{folder} holds no run: it has no requests.parquet") from None
        except (OSError, pa.ArrowInvalid) as error:
            raise ResultsError(f"cannot read {path}: {error}") from error
        self.header = from_metadata(self._file.metadata.metadata, str(path))
        if self.header.log != "requests" and not sample:
            raise ResultsError(
                f"{path} does not have all requests (log: {self.header.log}); "
                "the numbers of all are in summary.json"
            )
        self.count: int = self._file.metadata.num_rows
        self.names: dict[str, list[str]] = {}
        """For each column of names read so far, the name that each code stands for."""

    def code(self, column: str, name: str) -> int:
        """The code of this name in a column read so far; one that no row has if it is unknown."""
        names = self.names[column]
        return names.index(name) if name in names else len(names)

    def chunks(self, *columns: str) -> Iterator[Chunk]:
        """These columns, one row group after the other."""
        for group in range(self._file.metadata.num_row_groups):
            table = self._file.read_row_group(group, columns=list(columns))
            yield {name: self._integers(name, table[name]) for name in columns}

    def _integers(self, name: str, column: pa.ChunkedArray) -> NDArray[np.int64]:
        array = column.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0)
        if not pa.types.is_dictionary(array.type):
            return _filled(array)
        codes = self._codes(name, array.dictionary.to_pylist())
        return codes[_filled(array.indices)]

    def _codes(self, name: str, values: list[str]) -> NDArray[np.int64]:
        """Code of each value of a row group's dictionary; ABSENT, which is -1, finds the last."""
        names = self.names.setdefault(name, [])
        if names != values:
            names.extend(value for value in values if value not in set(names))
        position = {value: code for code, value in enumerate(names)}
        return np.array([*(position[value] for value in values), ABSENT], dtype=np.int64)


def _filled(array: pa.Array) -> NDArray[np.int64]:
    if not array.null_count:
        whole: NDArray[np.int64] = array.to_numpy()
        return whole
    # By hand: pyarrow.compute does it as well, and takes longer to import than this for a million.
    bits, data = array.buffers()
    places = slice(array.offset, array.offset + len(array))
    there = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[places]
    numbers = np.frombuffer(data, array.type.to_pandas_dtype())[places]
    return np.where(there, numbers, numbers.dtype.type(ABSENT))
