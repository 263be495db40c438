"""Questions in SQL to the files of runs, answered by DuckDB; nothing else can be read or written.

The views are ``requests``, ``hops``, ``metrics`` and ``events``, with the columns that
``emu schema --results`` explains; of several runs with a column ``run`` before them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from emu.analysis.reading import Requests
from emu.errors import QueryError, ResultsError
from emu.recorder.columns import TABLES

_SEALED: Final = {
    "temp_directory": "",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
"""No spilling to a disk, no variables of this program as tables, no extensions."""
_BATCH: Final = 10_000


class Answer(NamedTuple):
    """Rows as they come, in batches."""

    columns: list[str]
    """Names may come twice."""
    types: list[str]
    batches: Iterator[pa.RecordBatch]


@contextmanager
def ask(sql: str, folders: Sequence[Path]) -> Iterator[Answer]:
    """The answer to ``sql`` from the runs in these folders.

    Raises ResultsError where one of them holds no run, and QueryError, with what DuckDB says, for
    a question that it cannot answer, also while the answer is read.
    """
    with duckdb.connect(":memory:", config=dict(_SEALED)) as connection:
        _make_views(connection, folders)
        # The views are of open data sets: from here on no file can be opened by a path.
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        with _as_refusal():
            found = connection.sql(sql)
            reader = None if found is None else found.to_arrow_reader(_BATCH)
        if found is None:
            raise QueryError("this asks for no rows")
        yield Answer(list(found.columns), [str(one) for one in found.types], _batches(reader))


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    with _as_refusal():
        yield from reader


@contextmanager
def _as_refusal() -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, pa.ArrowException) as error:
        raise QueryError(str(error)) from error


def _make_views(connection: duckdb.DuckDBPyConnection, folders: Sequence[Path]) -> None:
    names = _names(folders)
    for table in TABLES:
        parts = []
        for number, (folder, name) in enumerate(zip(folders, names, strict=True)):
            connection.register(f"{table}_{number}", _dataset(folder, table))
            run = f"'{name.replace(chr(39), chr(39) * 2)}' as run, " if len(folders) > 1 else ""
            parts.append(f"select {run}* from {table}_{number}")
        connection.execute(f"create view {table} as {' union all by name '.join(parts)}")


def _names(folders: Sequence[Path]) -> list[str]:
    """What the column ``run`` calls them: by their last name where that tells them apart."""
    last = [folder.name for folder in folders]
    return last if len(set(last)) == len(last) else [str(folder) for folder in folders]


def _dataset(folder: Path, table: str) -> ds.Dataset:
    if table == "requests":
        Requests(folder, sample=True)
    path = folder / f"{table}.parquet"
    try:
        return ds.dataset(path, format="parquet")
    except (OSError, pa.ArrowException) as error:
        raise ResultsError(f"cannot read {path}: {error}") from error
