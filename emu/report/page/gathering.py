"""What the sections of a run are drawn from, read in as few passes as there can be."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from emu.analysis.collecting import collect
from emu.analysis.over_time import OverTime
from emu.analysis.reading import Requests
from emu.analysis.series import Series, series
from emu.analysis.slowest import Slowest
from emu.analysis.spread import Spread
from emu.analysis.summary import Summary
from emu.analysis.ways import Ways
from emu.errors import ResultsError
from emu.recorder.header import Header
from emu.recorder.run_folder import SUMMARY
from emu.report.events import Event, events

MOST_SLOW: Final = 20
"""So many of the slowest attempts are shown."""
_MOST_NODES: Final = 6
_MOST_PODS: Final = 8
_MOST_ENTRIES: Final = 6

Progress = Callable[[int, int], None]
"""Told how many rows of a run are read, and of how many."""


@dataclass(frozen=True)
class RowsOf:
    """What came of the rows of a run: of all of them, or of a sample."""

    spread: Spread
    over_time: OverTime
    ways: Ways
    slowest: Slowest


@dataclass(frozen=True)
class Gathered:
    """A run, as far as it is drawn."""

    name: str
    """Its scenario and seed, and where runs share these, its folder's name."""
    folder: str
    summary: Summary
    header: Header
    rows: RowsOf | None
    """None where the run has no rows of its requests."""
    series: list[Series]
    interval_ns: int
    intervals: int
    events: list[Event]
    events_left: int
    """How many more there are."""


def gather(folder: Path, name: str, progress: Progress | None = None) -> Gathered:
    """Read the run in ``folder``. Raises ResultsError where there is none."""
    requests = Requests(folder, sample=True)
    summary, header = summary_in(folder), requests.header
    over_time = OverTime(header.end_ns)
    rows = None
    if requests.count:
        rows = RowsOf(Spread(), over_time, Ways(_named(summary, folder)), Slowest(MOST_SLOW))
        collect(requests, (rows.spread, rows.over_time, rows.ways, rows.slowest), progress)
    found, left = events(folder)
    return Gathered(
        name=name,
        folder=folder.name,
        summary=summary,
        header=header,
        rows=rows,
        series=series(folder, over_time.interval_ns, over_time.intervals),
        interval_ns=over_time.interval_ns,
        intervals=over_time.intervals,
        events=found,
        events_left=left,
    )


def summary_in(folder: Path) -> Summary:
    """The summary of a run. Raises ResultsError where the folder holds none."""
    try:
        document = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        return Summary.model_validate(document)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{folder} holds no run: {error}") from error


def _named(summary: Summary, folder: Path) -> dict[str, list[str]]:
    """The places that are told apart; of nodes and Pods those that got most."""
    return {
        "client": _dictionary(folder, "client")[:_MOST_ENTRIES],
        "load_balancer": _dictionary(folder, "load_balancer")[:_MOST_ENTRIES],
        "node": _busiest({name: one.requests for name, one in summary.nodes.items()}, _MOST_NODES),
        "pod": _busiest({name: one.requests for name, one in summary.pods.items()}, _MOST_PODS),
    }


def _busiest(counts: dict[str, int], most: int) -> list[str]:
    """In the order that they have, those that got most."""
    chosen = sorted(counts, key=lambda name: -counts[name])[:most]
    return [name for name in counts if name in chosen and counts[name]]


def _dictionary(folder: Path, column: str) -> list[str]:
    """The names of a column in the first row group, in the order of their numbers."""
    file = pq.ParquetFile(folder / "requests.parquet")
    if not file.metadata.num_row_groups:
        return []
    array = file.read_row_group(0, columns=[column])[column].combine_chunks()
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    return [name for name in array.dictionary.to_pylist() if name is not None]
