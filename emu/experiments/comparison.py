"""A comparison that is made: its folder, its numbers, and how it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from emu.analysis.comparison import Compared
from emu.analysis.metrics import METRICS
from emu.errors import ResultsError
from emu.experiments.replicating import seeds_in_words
from emu.experiments.replications import REPLICATIONS
from emu.experiments.varying import as_json
from emu.report.comparison import comparison_view
from emu.report.intervals import sentence
from emu.report.jupyter import mimebundle

COMPARISON: Final = "comparison.json"
"""The numbers of a comparison. The same runs and confidence give the same bytes."""
FILES: Final = (REPLICATIONS, COMPARISON)
"""What a comparison leaves."""


@dataclass(frozen=True)
class ComparedVariant:
    """A variant, and what came of it: ``metrics`` by their names, as `METRICS` has them."""

    name: str
    settings: Mapping[str, Any]
    """What it has in place of the file's values, by path."""
    digest: str
    """Of its scenario."""
    quantile_error: float
    """Largest relative error of its quantiles, 0 where they are exact."""
    metrics: Mapping[str, Compared]

    def sentences(self, confidence: float) -> dict[str, str]:
        """What is said of the difference of each metric to the first variant."""
        return {
            metric.name: sentence(metric, found, confidence)
            for metric in METRICS
            if (found := self.metrics[metric.name].difference) is not None
        }


@dataclass(frozen=True)
class Comparison:
    """Variants of a scenario over the same seeds; a terminal and Jupyter show its table.

    Each is compared with the first. ``path`` is the folder of the comparison; its runs stand beside
    it. Latencies are in seconds.
    """

    path: Path
    scenario: str
    seed: int
    """Of the first replication; each further one has the next."""
    replications: int
    confidence: float
    variants: tuple[ComparedVariant, ...]

    @cached_property
    def table(self) -> pa.Table:
        """One row for each run, with its metrics. Raises ResultsError where it is gone."""
        try:
            return pq.read_table(self.path / REPLICATIONS)
        except (OSError, pa.ArrowInvalid) as error:
            raise ResultsError(f"cannot read {self.path / REPLICATIONS}: {error}") from error

    def document(self) -> dict[str, Any]:
        """What ``emu compare --json`` prints: ``comparison.json``, and where it is."""
        return self.numbers() | {"comparison_dir": str(self.path)}

    def header(self) -> dict[str, Any]:
        """What was compared, without the numbers."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "replications": self.replications,
            "confidence": self.confidence,
        }

    def numbers(self) -> dict[str, Any]:
        """What ``comparison.json`` holds."""
        return self.header() | {"variants": [self._variant(one) for one in self.variants]}

    def _variant(self, variant: ComparedVariant) -> dict[str, Any]:
        said = variant.sentences(self.confidence)
        metrics = {}
        for name, found in variant.metrics.items():
            metrics[name] = {"estimate": found.estimate.model_dump(mode="json")}
            if found.difference is not None:
                metrics[name]["difference"] = found.difference.model_dump(mode="json")
                metrics[name]["difference"]["words"] = said[name]
        return {
            "name": variant.name,
            "settings": as_json(variant.settings),
            "digest": variant.digest,
            "quantile_error": variant.quantile_error,
            "metrics": metrics,
        }

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._head()
        yield ""
        yield comparison_view(
            [one.name for one in self.variants],
            [one.metrics for one in self.variants],
            self.confidence,
            max(one.quantile_error for one in self.variants),
        )
        yield Text(f"\n{self.path}", overflow="fold")

    def _head(self) -> Text:
        count, seeds = self.replications, seeds_in_words(self.seed, self.replications)
        runs = f"{count} replication{'s' if count > 1 else ''} of each of {len(self.variants)}"
        head = Text.assemble((self.scenario, "bold"), f"  {runs} variants, {seeds}")
        return head.append(f"\nvaried: {', '.join(self.variants[0].settings)}")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return mimebundle(self)
