"""A sweep that is made: its folder, its tables, and how it is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from emu.analysis.comparison import Estimate
from emu.analysis.metrics import METRICS
from emu.experiments.replicating import seeds_in_words
from emu.experiments.replications import REPLICATIONS
from emu.experiments.sweep_tables import POINTS, Point
from emu.experiments.varying import as_json, written
from emu.report.jupyter import mimebundle
from emu.report.sweep import failures_view, sweep_view

SWEEP: Final = "sweep.json"
"""The numbers of a sweep. The same runs and confidence give the same bytes."""
PLAN: Final = "sweep.yaml"
"""The sweep as a document, to make it again."""
FILES: Final = (REPLICATIONS, POINTS, PLAN, SWEEP)
"""What a sweep leaves."""


@dataclass(frozen=True)
class Sweep:
    """A scenario run at many points over the same seeds; a terminal and Jupyter show its table.

    ``table`` has a row for each run and ``points`` one for each point, in the design's order; their
    columns explain themselves in their metadata. ``path`` is the folder of the sweep, or its URL.
    Latencies are in seconds.
    """

    path: str
    scenario: str
    seed: int
    """Of the first replication; each further one has the next."""
    replications: int
    confidence: float
    design: str
    table: pa.Table
    points: pa.Table
    rows: tuple[Point, ...]
    """The points with their estimates."""

    @property
    def failed(self) -> tuple[Point, ...]:
        """The points that have no numbers."""
        return tuple(point for point in self.rows if point.failed is not None)

    def document(self) -> dict[str, Any]:
        """What ``emu sweep --json`` prints: ``sweep.json``, and where it is."""
        return self.numbers() | {"sweep_dir": self.path}

    def numbers(self) -> dict[str, Any]:
        """What ``sweep.json`` holds."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "replications": self.replications,
            "confidence": self.confidence,
            "design": self.design,
            "units": {metric.name: metric.unit for metric in METRICS},
            "points": [_document(point) for point in self.rows],
        }

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._head()
        yield ""
        yield sweep_view(list(self._shown()), self.confidence)
        if self.failed:
            yield ""
            yield failures_view([(_named(one.settings), one.failed or "") for one in self.failed])
        yield Text(f"\n{self.path}", overflow="fold")

    def _shown(self) -> Iterator[tuple[Mapping[str, str], Mapping[str, Estimate]]]:
        for point in self.rows:
            if point.failed is None:
                values = {path: written(value) for path, value in point.settings.items()}
                yield values, point.metrics

    def _head(self) -> Text:
        count, points = self.replications, len(self.rows)
        runs = f"{count} replication{'s' if count > 1 else ''} of each of {points:,}"
        head = Text.assemble((self.scenario, "bold"), f"  {self.design}  {runs} ")
        head.append(f"point{'s' if points > 1 else ''}, {seeds_in_words(self.seed, count)}")
        return head.append(f"\nvaried: {', '.join(self.rows[0].settings)}")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return mimebundle(self)


def _document(point: Point) -> dict[str, Any]:
    return {
        "settings": as_json(point.settings),
        "replications": point.replications,
        "failed": point.failed,
        "quantile_error": point.quantile_error,
        "metrics": {name: found.model_dump(mode="json") for name, found in point.metrics.items()},
    }


def _named(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{path}={written(value)}" for path, value in settings.items())
