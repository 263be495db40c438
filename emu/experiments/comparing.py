"""Variants of a scenario run over the same seeds, and compared."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from emu.analysis.comparison import compared
from emu.errors import Mistake, ScenarioError
from emu.experiments.comparison import COMPARISON, FILES, ComparedVariant, Comparison
from emu.experiments.replications import REPLICATIONS, Replication, write
from emu.experiments.varying import SEED, Variant, variants
from emu.recorder.header import versions
from emu.recorder.run_folder import run_folder
from emu.running import chosen_engine, execute
from emu.scenario import Scenario, load
from emu.scenario.text import printable

LOG: Final = {"spec.log": "summary"}
"""What the runs of a comparison write of their requests, unless an override says otherwise."""

_LEAST_CONFIDENCE: Final = 0.5
_MOST_CONFIDENCE: Final = 0.9999
_SEEDS: Final = 2**63
_ALMOST: Final = 0.99
"""So much of a run is done when its simulated time is over: it is still to be summed up."""

Progress = Callable[[float, int], None]
"""Called now and then with the number of runs that are done, to which a part of the present one
counts, and the number of all.
"""


@dataclass(frozen=True)
class Plan:
    """A comparison that can be made: every variant is a scenario that can be run."""

    variants: tuple[Variant, ...]
    scenarios: tuple[Scenario, ...]
    """Of each variant, with the seed of the first replication."""
    replications: int
    confidence: float

    @property
    def warnings(self) -> tuple[str, ...]:
        """What in the scenarios may not be meant, each once."""
        return tuple(dict.fromkeys(text for one in self.scenarios for text in one.warnings))

    @property
    def runs(self) -> int:
        """How many runs it takes."""
        return self.replications * len(self.scenarios)

    def run(self, out: Path, engine: str, progress: Progress | None = None) -> Comparison:
        """Make every run, or find it again, and leave the comparison beside them.

        Raises UnknownNameError for an engine that there is not, ResultsError where results cannot
        be written, and KeyboardInterrupt: runs that are done by then are found again.
        """
        rows = list(self._runs(out, engine, progress))
        first = self.scenarios[0]
        settings = list(self.variants[0].overrides)
        identity = settings, [(row.name, row.run) for row in rows], self.confidence
        digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:12]
        with run_folder(out, first.name, f"compare-{digest}", FILES) as folder:
            made = self._comparison(out / first.name / f"compare-{digest}", rows)
            write(folder.path / REPLICATIONS, rows, made.header() | {"versions": versions()})
            folder.write_json(COMPARISON, made.numbers())
            folder.finish()
        return made

    def _runs(self, out: Path, engine: str, progress: Progress | None) -> Iterator[Replication]:
        """Replication by replication, so that what an interrupt leaves can be compared."""
        total = self.runs
        engines = [chosen_engine(engine, scenario, total) for scenario in self.scenarios]
        for done in range(total):
            replication, number = divmod(done, len(self.scenarios))
            scenario = _seeded(self.scenarios[number], replication)
            run = execute(
                scenario, out, engines[number], False, _part(progress, done, total, scenario)
            )
            if progress is not None:
                progress(done + 1, total)
            yield Replication(
                variant=number, name=self.variants[number].name, replication=replication,
                seed=scenario.spec.seed, run=f"{scenario.name}/{run.path.name}",
                summary=run.summary,
            )  # fmt: skip

    def _comparison(self, path: Path, rows: Sequence[Replication]) -> Comparison:
        runs = [
            [row.summary for row in rows if row.variant == number]
            for number in range(len(self.variants))
        ]
        numbers = compared(runs, self.confidence)
        first = self.scenarios[0]
        return Comparison(
            path=path,
            scenario=first.name,
            seed=first.spec.seed,
            replications=self.replications,
            confidence=self.confidence,
            variants=tuple(
                ComparedVariant(
                    name=variant.name, settings=variant.overrides, digest=scenario.digest,
                    quantile_error=max(summary.quantile_error for summary in summaries),
                    metrics=metrics,
                )
                for variant, scenario, summaries, metrics in zip(
                    self.variants, self.scenarios, runs, numbers, strict=True
                )
            ),
        )  # fmt: skip


def plan(
    source: Path,
    vary: Mapping[str, Sequence[Any]],
    replications: int,
    seed: int | None,
    overrides: Mapping[str, Any],
    confidence: float,
) -> Plan:
    """Load every variant. Raises ScenarioError with what is wrong in any of them."""
    _check(replications, confidence)
    made = variants(vary, overrides)
    scenarios: list[Scenario] = []
    mistakes: dict[Mistake, None] = {}
    for variant in made:
        try:
            scenarios.append(load(source, LOG | dict(overrides) | variant.overrides, seed))
        except ScenarioError as error:
            mistakes |= dict.fromkeys(error.mistakes)
    if mistakes:
        raise ScenarioError(mistakes)
    first = scenarios[0].spec.seed
    if any(scenario.spec.seed != first for scenario in scenarios):
        raise ScenarioError([_mistake(SEED, first, "is not the seed of all variants; give --seed")])
    if first + replications > _SEEDS:
        raise ScenarioError([_mistake(SEED, first, "leaves too few seeds for the replications")])
    return Plan(tuple(made), tuple(scenarios), replications, confidence)


def _check(replications: int, confidence: float) -> None:
    mistakes = []
    if replications < 1:
        mistakes.append(_mistake("replications", replications, "must be at least 1"))
    if not _LEAST_CONFIDENCE <= confidence <= _MOST_CONFIDENCE:
        rule = f"must be from {_LEAST_CONFIDENCE} to {_MOST_CONFIDENCE}"
        mistakes.append(_mistake("confidence", confidence, rule))
    if mistakes:
        raise ScenarioError(mistakes)


def _mistake(what: str, value: float, rule: str) -> Mistake:
    return Mistake("", 0, what, printable(value), rule)


def _seeded(scenario: Scenario, replication: int) -> Scenario:
    """The scenario with the seed of this replication; nothing else in it depends on the seed."""
    seed = scenario.spec.seed + replication
    return replace(scenario, spec=scenario.spec.model_copy(update={"seed": seed}))


def _part(
    progress: Progress | None, done: int, total: int, scenario: Scenario
) -> Callable[[int, int], None] | None:
    """The progress of one run as a part of the whole."""
    if progress is None:
        return None
    spec = scenario.spec

    def update(now_ns: int, sent: int) -> None:
        part = sent / spec.requests if spec.requests else now_ns / (spec.duration or 1)
        progress(done + min(_ALMOST, part), total)

    return update
