"""A run's record, written while the run goes on.

Requests are gathered into row groups of `ROW_GROUP` rows, so memory does not grow with their
number, and the bytes do not depend on how the rows came in.

Measured, two million rows, one thread of an AMD EPYC that was shared: 2.0 to 2.4 million rows/s of
processor time, of which a fifth turns rows into columns and the rest encodes them (see
`emu.recorder.table_file`); 35 bytes a row; 0.2 GB at the most for the whole process. The footer
keeps 3 kB a row group.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from emu.errors import ResultsError
from emu.recorder.background import Background
from emu.recorder.columns import TABLES
from emu.recorder.header import Header
from emu.recorder.metric_table import MetricTable
from emu.recorder.places import GrowingPlaces, Places
from emu.recorder.rows import ROW
from emu.recorder.small_table import SmallTable
from emu.recorder.table_file import TableFile
from emu.recorder.translation import Translation

ROW_GROUP: Final = 1 << 17
"""Rows of a row group of requests.parquet: 27 MB of rows as engines fill them, in two buffers: one
is written by a thread of its own while the engine fills the other."""

_BYTES: Final = np.dtype((np.void, ROW.itemsize))


class Recording:
    """The four Parquet files of a run, open in ``folder``; use it as a context manager.

    `close` makes the files whole. Leaving the context without it, by an exception, leaves files
    that are not; the run folder throws them away. Raises ResultsError where the system refuses
    to write.
    """

    def __init__(self, folder: Path, places: Places, header: Header) -> None:
        self._header = header
        self._places = GrowingPlaces(places)
        self._translated, self._translation = places, Translation(places)
        self._waiting = np.empty(ROW_GROUP, dtype=ROW)
        self._written = np.empty(ROW_GROUP, dtype=ROW)
        self._count = 0
        self._background = Background("emu-writer")
        self._files: dict[str, TableFile] = {}
        try:
            for table in TABLES:
                self._files[table] = TableFile(folder, table)
        except ResultsError:
            self._abandon()
            raise
        self._hops = SmallTable(self._files["hops"])
        self._metrics = MetricTable(self._files["metrics"])
        self._events = SmallTable(self._files["events"])
        self._open = True

    def write_requests(self, rows: NDArray[np.void]) -> None:
        """Take finished attempts: a `ROW` array of any length, free to be reused afterwards."""
        if rows.dtype != ROW:
            raise TypeError(f"rows must be of dtype ROW, not {rows.dtype}")
        while len(rows):
            free = ROW_GROUP - self._count
            taken, rows = rows[:free], rows[free:]
            # As plain bytes: numpy copies structured arrays field by field, 17 times as slow.
            self._waiting.view(_BYTES)[self._count : self._count + len(taken)] = taken.view(_BYTES)
            self._count += len(taken)
            if self._count == ROW_GROUP:
                self._flush()

    def write_hops(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take sampled hops, each with the columns of hops.parquet in their order."""
        for row in rows:
            self._hops.add(row)

    def write_metrics(
        self, at_ns: int, metric: str, objects: Sequence[str], values: NDArray[np.float64]
    ) -> None:
        """Take one sample of a metric for each of these objects."""
        self._metrics.add(at_ns, metric, objects, values)

    def write_event(
        self, at_ns: int, kind: str, object_: str, cause: str | None = None,
        detail: str | None = None,
    ) -> None:  # fmt: skip
        """Take one thing that happened to the cluster."""
        self._events.add((at_ns, kind, object_, cause, detail))

    def add_pod(self, name: str, address: str, node: int) -> None:
        """The next number stands for this Pod."""
        self._places.add_pod(name, address, node)

    def add_endpoint(self, address: str, port: int) -> None:
        """The next number stands for this endpoint."""
        self._places.add_endpoint(address, port)

    @property
    def places(self) -> Places:
        """The places that numbers stand for now."""
        return self._places.now

    @property
    def writer_seconds(self) -> float:
        """How long the thread that writes has worked."""
        return self._background.seconds

    def close(
        self, end_ns: int, partial: bool = False, busy_ns: Mapping[str, int] | None = None,
        warmup_ns: int | None = None,
    ) -> Header:  # fmt: skip
        """Write what waits and make the files whole; the header that now stands in them.

        ``end_ns`` is the simulated time at which the run ended, ``partial`` that it was ended
        before its time, ``busy_ns`` as in `Header`, ``warmup_ns`` the end of a warm-up that was
        found.
        """
        busy = self._header.busy_ns if busy_ns is None else dict(busy_ns)
        expected = self._header.expected
        if warmup_ns is not None:
            expected = expected.model_copy(update={"warmup_ns": warmup_ns})
        ending = {"end_ns": end_ns, "partial": partial, "busy_ns": busy, "expected": expected}
        header = self._header.model_copy(update=ending)
        if self._count:
            self._flush()
        self._background.wait()
        self._background.end()
        for table in (self._hops, self._metrics, self._events):
            table.flush()
        for file in self._files.values():
            file.close(header)
        self._open = False
        return header

    def _flush(self) -> None:
        """Let the row group be written beside the engine, which fills the other one meanwhile."""
        rows, self._count = self._waiting[: self._count], 0
        translation = self._translation_now()  # here, so that bytes do not depend on the thread
        self._background.do(lambda: self._files["requests"].write(translation.batch(rows)))
        self._waiting, self._written = self._written, self._waiting

    def _translation_now(self) -> Translation:
        """The translation with the Pods and endpoints that there were up to now."""
        if self._translated is not self.places:
            self._translated = self.places
            self._translation = Translation(self._translated)
        return self._translation

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._open:
            self._abandon()

    def _abandon(self) -> None:
        """Close what is open: it will be thrown away."""
        self._background.end()
        for file in self._files.values():
            file.abandon()
