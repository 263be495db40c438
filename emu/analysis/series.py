"""The series of metrics.parquet, gathered: over objects, and over intervals of time.

Of few objects each has its line; of many, the least, the median and the most of each interval, and
the line of the object that once had the most. Objects come in when they first have something: those
that never had are no part of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from emu.errors import ResultsError

FEW: Final = 4
"""So many objects have a line each."""


class Band(NamedTuple):
    """Least, median and most over the objects that had a value; NaN in intervals without any."""

    least: NDArray[np.float64]
    median: NDArray[np.float64]
    most: NDArray[np.float64]


class Series(NamedTuple):
    """One metric, a value for each interval of time."""

    metric: str
    objects: int
    lines: dict[str, NDArray[np.float64]]
    """Of each object, or of the one that once had the most: its highest value in each interval."""
    band: Band | None
    """Over all objects, where these are more than `FEW`."""


class Sampled(NamedTuple):
    """Samples of some moments: names as codes of `_Metrics.names`."""

    at_ns: NDArray[np.int64]
    metric: NDArray[np.int64]
    object: NDArray[np.int64]
    value: NDArray[np.float64]


def series(folder: Path, interval_ns: int, intervals: int) -> list[Series]:
    """Every metric of the run in ``folder``. Raises ResultsError where they cannot be read."""
    metrics = _Metrics(folder / "metrics.parquet")
    peaks = metrics.peaks()
    made: dict[str, _Gathering] = {}
    for metric, of_object in peaks.items():
        made[metric] = _Gathering(of_object, interval_ns, intervals)
    for part in metrics.parts():
        for code in np.unique(part.metric).tolist():
            metric = metrics.names["metric"][code]
            made[metric].add(part, part.metric == code, metrics.names["object"])
    return [gathering.series(metric) for metric, gathering in made.items()]


class _Metrics:
    """Samples, read a row group at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = pq.ParquetFile(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise ResultsError(f"cannot read {path}: {error}") from error
        self.names: dict[str, list[str]] = {"metric": [], "object": []}

    def peaks(self) -> dict[str, dict[str, float]]:
        """The highest value of each object of each metric, in the order in which they come."""
        found: dict[str, dict[str, float]] = {}
        for part in self.parts():
            keys, at = np.unique(part.metric * (1 << 32) + part.object, return_inverse=True)
            most = np.full(len(keys), -np.inf)
            np.maximum.at(most, at, part.value)
            for key, value in zip(keys.tolist(), most.tolist(), strict=True):
                of = found.setdefault(self.names["metric"][key >> 32], {})
                name = self.names["object"][key & 0xFFFFFFFF]
                of[name] = max(of.get(name, -np.inf), value)
        return found

    def parts(self) -> Iterator[Sampled]:
        """All samples, a row group after the other."""
        for group in range(self._file.metadata.num_row_groups):
            table = self._file.read_row_group(group).combine_chunks()
            if table.num_rows:
                yield Sampled(
                    table["at_ns"].to_numpy(), self._codes(table, "metric"),
                    self._codes(table, "object"), table["value"].to_numpy(),
                )  # fmt: skip

    def _codes(self, table: pa.Table, column: str) -> NDArray[np.int64]:
        array: Any = table[column].chunk(0)
        known = self.names[column]
        place = {name: code for code, name in enumerate(known)}
        for name in array.dictionary.to_pylist():
            if name not in place:
                place[name] = len(known)
                known.append(name)
        codes = np.array([place[name] for name in array.dictionary.to_pylist()], np.int64)
        found: NDArray[np.int64] = codes[array.indices.to_numpy()]
        return found


class _Gathering:
    """One metric while its samples come in, in the order of time."""

    def __init__(self, peaks: dict[str, float], interval_ns: int, intervals: int) -> None:
        self._interval_ns = interval_ns
        self._objects = len(peaks)
        worst = min(peaks, key=lambda name: (-peaks[name], name))
        shown = sorted(peaks) if len(peaks) <= FEW else [worst]
        self._lines = {name: np.full(intervals, np.nan) for name in shown}
        self._band = Band(*(np.full(intervals, np.nan) for _ in range(3)))
        self._medians: dict[int, list[float]] = {}

    def add(self, part: Sampled, which: NDArray[np.bool_], names: list[str]) -> None:
        at, value, objects = part.at_ns[which], part.value[which], part.object[which]
        places = np.minimum(at // self._interval_ns, len(self._band.most) - 1)
        for name, line in self._lines.items():
            its = objects == names.index(name) if name in names else np.zeros(len(at), bool)
            np.fmax.at(line, places[its], value[its])
        if self._objects > FEW:
            np.fmin.at(self._band.least, places, value)
            np.fmax.at(self._band.most, places, value)
            begins = np.flatnonzero(np.diff(at, prepend=-1))
            for place, values in zip(
                places[begins].tolist(), np.split(value, begins[1:]), strict=True
            ):
                self._medians.setdefault(place, []).append(float(np.median(values)))

    def series(self, metric: str) -> Series:
        for place, medians in self._medians.items():
            self._band.median[place] = np.median(medians)
        return Series(
            metric, self._objects, self._lines, self._band if self._objects > FEW else None
        )
