"""A run that is over: its folder, its tables and its numbers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console, ConsoleOptions, RenderResult

from emu.analysis.summary import Summary
from emu.errors import ResultsError
from emu.recorder.run_folder import SUMMARY, TIMING
from emu.recorder.timing import Timing
from emu.report.jupyter import mimebundle
from emu.report.terminal import summary_view
from emu.report.timeline import timeline_view


@dataclass(frozen=True)
class Run:
    """What a run left in its folder ``path``; a terminal and Jupyter show its summary.

    The tables are read when they are first asked for; their columns, with units and meanings, are
    in ``emu schema --results`` and in each field's metadata. ``found_again`` says that the run was
    made before, and not again. Raises ResultsError where the folder holds no run.
    """

    path: Path
    found_again: bool = False

    @cached_property
    def requests(self) -> pa.Table:
        """One row for each attempt of a request; times are int64 nanoseconds."""
        return self._table("requests")

    @cached_property
    def hops(self) -> pa.Table:
        """The paths of sampled requests, hop by hop."""
        return self._table("hops")

    @cached_property
    def metrics(self) -> pa.Table:
        """Series sampled at equal distances of simulated time."""
        return self._table("metrics")

    @cached_property
    def events(self) -> pa.Table:
        """What happened to the cluster."""
        return self._table("events")

    @cached_property
    def summary(self) -> Summary:
        """The numbers of the run; times are in seconds."""
        document = self._json(SUMMARY)
        with self._as_refusal():
            return Summary.model_validate(document)

    @cached_property
    def timing(self) -> Timing:
        """How long it took and, if that was asked, where the time went."""
        document = self._json(TIMING)
        with self._as_refusal():
            return Timing.model_validate(document)

    @property
    def wall_seconds(self) -> float:
        """How long it took."""
        return self.timing.wall_seconds

    @property
    def requests_per_second(self) -> float:
        """Requests sent for each second that it took."""
        return self.timing.requests_per_second

    def document(self) -> dict[str, Any]:
        """What ``emu run --json`` prints."""
        return self.summary.json_document(str(self.path), self.timing.document())

    def _table(self, name: str) -> pa.Table:
        path = self.path / f"{name}.parquet"
        try:
            return pq.read_table(path, memory_map=True)
        except (OSError, pa.ArrowInvalid) as error:
            raise ResultsError(f"cannot read {path}: {error}") from error

    def _json(self, name: str) -> Any:
        with self._as_refusal():
            return json.loads((self.path / name).read_text(encoding="utf-8"))

    @contextmanager
    def _as_refusal(self) -> Iterator[None]:
        """Whatever a folder that holds no run makes go wrong."""
        try:
            yield
        except (OSError, ValueError, TypeError, LookupError) as error:
            raise ResultsError(f"{self.path} holds no run: {error}") from error

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        happened = timeline_view(self.path)
        yield summary_view(self.summary, str(self.path), self.timing, happened)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return mimebundle(self)

    def __reduce__(self) -> tuple[type["Run"], tuple[Path, bool]]:
        """A pickle names the folder, from the root on, and leaves the tables in it."""
        return Run, (self.path.absolute(), self.found_again)


class Interrupted(KeyboardInterrupt):
    """The user ended a run before its time; ``run`` has what was finished, marked as partial."""

    def __init__(self, run: Run) -> None:
        self.run = run
        super().__init__(run)
