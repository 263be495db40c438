"""A search for capacity that is made: the answer, what it rests on, and how it is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pyarrow as pa
from rich.console import Console, ConsoleOptions, RenderResult

from emu.analysis.bottleneck import Bottleneck
from emu.analysis.comparison import Estimate
from emu.analysis.summary import Summary
from emu.experiments.capacity.bounds import Bounds
from emu.experiments.capacity.judgement import Judgement
from emu.experiments.capacity.objectives import Objective
from emu.experiments.capacity.search import Found
from emu.experiments.capacity.words import answer_in_words, bounds_in_words, headroom_in_words
from emu.experiments.varying import as_json, written
from emu.report.capacity import capacity_view
from emu.report.jupyter import mimebundle

FILES: Final = ("replications.parquet", "curve.parquet", "capacity.json")
"""What a search leaves; the last one says that all are there."""


class Tried(NamedTuple):
    """A value that was run: its ``place`` in the range, and of each objective its interval."""

    place: int
    value: Any
    runs: Sequence[Summary]
    judgement: Judgement
    intervals: tuple[Estimate, ...]


@dataclass(frozen=True)
class Capacity:
    """The value that meets the objectives; a terminal and Jupyter show it with its reasons.

    ``answer`` is that value, None where none surely does. ``table`` has a row for each run and
    ``curve`` one for each value that was tried. Latencies are in seconds.
    """

    path: str
    scenario: str
    varied: str
    values: Sequence[Any]
    objectives: tuple[Objective, ...]
    confidence: float
    most: int
    """Replications of a value that is hard to tell from the bound."""
    seed: int
    found: Found
    tried: tuple[Tried, ...]
    bottleneck: Bottleneck | None
    """What gives way at the nearest value that fails; None where none does."""
    bounds: Bounds
    table: pa.Table
    curve: pa.Table

    @property
    def answer(self) -> Any:
        """The value that will do; None where none surely does."""
        return None if self.found.answer is None else self.values[self.found.answer]

    @property
    def sentences(self) -> list[str]:
        """The answer, its headroom, what gives way, and what formulas say."""
        return list(self._sentences())

    def _sentences(self) -> Iterator[str]:
        yield answer_in_words(self.found, self.values, self.tried, self.confidence)
        if self.found.answer is not None:
            (tried,) = (one for one in self.tried if one.place == self.found.answer)
            yield headroom_in_words(
                written(tried.value), self.objectives, tried.intervals, tried.runs
            )
        if self.bottleneck is not None and self.found.fails is not None:
            part, why = self.bottleneck
            yield f"What gives way at {written(self.values[self.found.fails])}: {part}; {why}."
        yield bounds_in_words(self.bounds, self.found, self.values, self.bottleneck)

    def document(self) -> dict[str, Any]:
        """What ``emu capacity --json`` prints: ``capacity.json``, and where it is."""
        return self.numbers() | {"capacity_dir": self.path}

    def numbers(self) -> dict[str, Any]:
        """What ``capacity.json`` holds."""
        found, bounds = self.found, self.bounds
        return {
            "scenario": self.scenario,
            "varied": self.varied,
            "values": as_json(list(self.values)),
            "objectives": [one.text for one in self.objectives],
            "confidence": self.confidence,
            "seed": self.seed,
            "answer": as_json(self.answer),
            "wanted": "least" if found.least else "greatest",
            "fails": None if found.fails is None else as_json(self.values[found.fails]),
            "bottleneck": self.bottleneck and self.bottleneck._asdict(),
            "shared_queue": None if bounds.shared is None else as_json(self.values[bounds.shared]),
            "random_choice": None if bounds.random is None else as_json(self.values[bounds.random]),
            "no_formula": bounds.why,
            "sentences": self.sentences,
            "tried": [self._tried(one) for one in self.tried],
        }

    def _tried(self, one: Tried) -> dict[str, Any]:
        parts = zip(self.objectives, one.judgement.of_each, one.intervals, strict=True)
        return {
            "value": as_json(one.value),
            "replications": len(one.runs),
            "verdict": one.judgement.verdict,
            "objectives": [
                {"objective": each.text, "verdict": verdict, **found.model_dump(mode="json")}
                for each, verdict, found in parts
            ],
        }

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield capacity_view(
            self.scenario, self.varied, [one.text for one in self.objectives],
            [one.metric for one in self.objectives],
            [
                (written(one.value), len(one.runs), one.judgement.verdict.value, one.intervals)
                for one in self.tried
            ],
            None if self.found.answer is None else written(self.answer),
            self.sentences, self.path,
        )  # fmt: skip

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return mimebundle(self)
