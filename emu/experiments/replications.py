"""replications.parquet: the numbers of each run of a comparison, one row a run."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from emu.analysis.metrics import METRICS
from emu.analysis.summary import Summary
from emu.recorder.columns import NAME, Column, schema_of
from emu.recorder.header import KEY
from emu.recorder.table_file import refusals

REPLICATIONS: Final = "replications.parquet"
"""Its name in the folder of a comparison."""

OF_A_RUN: Final = (
    Column("replication", pa.int32(), "", "number of the replication, from 0", False),
    Column("seed", pa.int64(), "", "the seed of the run, the same for all that is varied", False),
    Column("run", pa.string(), "", "the run's folder, below that of all results", False),
    Column("quantile_error", pa.float64(), "", "how far quantiles may be off, as a share", False),
    *(Column(one.name, pa.float64(), one.unit, one.meaning) for one in METRICS),
)
"""The columns of each run of an experiment; the metrics are null where a run has none."""

COLUMNS: Final = (
    Column("variant", pa.int32(), "", "number of the variant, from 0", False),
    Column("name", NAME, "", "the variant's values of what is varied", False),
    *OF_A_RUN,
)
"""The columns, in order."""


class Replication(NamedTuple):
    """One run of a comparison."""

    variant: int
    name: str
    replication: int
    seed: int
    run: str
    """Its folder, below that of all results."""
    summary: Summary


def write(file: Path, rows: Sequence[Replication], header: Mapping[str, Any]) -> None:
    """Write the rows, and the header as JSON into the file's metadata, under ``emu``."""
    write_table(file, table_of(COLUMNS, map(_values, rows), header))


def table_of(
    columns: Sequence[Column], rows: Iterable[Sequence[Any]], header: Mapping[str, Any]
) -> pa.Table:
    """A table of plain values, row by row, with the header in its metadata."""
    schema = schema_of(columns).with_metadata({KEY: json.dumps(header, allow_nan=False).encode()})
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def write_table(file: Path, table: pa.Table) -> None:
    """Write a small table, at once when all of it is there. Raises ResultsError."""
    content = pa.BufferOutputStream()
    pq.write_table(table, content, compression="zstd")
    with refusals(file):
        file.write_bytes(content.getvalue())


def _values(row: Replication) -> tuple[Any, ...]:
    *identity, summary = row
    return *identity, summary.quantile_error, *(metric.of(summary) for metric in METRICS)
