"""Variants of a scenario run over the same seeds, and compared."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emu.analysis.comparison import compared
from emu.errors import Mistake, ScenarioError
from emu.experiments.comparison import COMPARISON, FILES, ComparedVariant, Comparison
from emu.experiments.execution import Outcome, Task, executor, results
from emu.experiments.replicating import LOG, SEED, Progress, check, check_seeds, mistake, seeded
from emu.experiments.replications import REPLICATIONS, Replication, write
from emu.experiments.storage import name_by
from emu.experiments.varying import Values, Variant, variants
from emu.experiments.workforce import workers_for
from emu.recorder.header import versions
from emu.recorder.run_folder import run_folder
from emu.running import chosen_engine
from emu.scenario import Scenario, load


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

    def run(
        self, out: Path, engine: str, workers: int | None = None, progress: Progress | None = None
    ) -> Comparison:
        """Make every run, or find it again, and leave the comparison beside them.

        ``workers`` is how many runs are made at once; None leaves it to the machine. Raises
        UnknownNameError for an engine that there is not, ScenarioError for wrong ``workers``,
        ResultsError where results cannot be written, what a run raises, and KeyboardInterrupt: runs
        that are done by then are found again.
        """
        rows = self._rows(out, engine, workers, progress or (lambda done, of: None))
        first = self.scenarios[0]
        settings = list(self.variants[0].overrides)
        identity = settings, [(row.name, row.run) for row in rows], self.confidence
        digest = name_by(identity)
        with run_folder(out, first.name, f"compare-{digest}", FILES) as folder:
            made = self._comparison(out / first.name / f"compare-{digest}", rows)
            write(folder.path / REPLICATIONS, rows, made.header() | {"versions": versions()})
            folder.write_json(COMPARISON, made.numbers())
            folder.finish()
        return made

    def _rows(
        self, out: Path, engine: str, workers: int | None, progress: Progress
    ) -> list[Replication]:
        """Every run, replication by replication."""
        many = workers_for(workers, self.scenarios[0], self.runs, str(out))
        tasks, rows = self._tasks(out, engine), list[Replication]()
        by = executor(many, None, lambda part: progress(len(rows) + part, self.runs))
        with closing(results(tasks, by)) as outcomes:
            for outcome in outcomes:
                rows.append(self._row(outcome))
                progress(len(rows), self.runs)
        return sorted(rows, key=lambda row: (row.replication, row.variant))

    def _tasks(self, out: Path, engine: str) -> Iterator[Task]:
        """Replication by replication, so that what an interrupt leaves can be compared."""
        engines = [chosen_engine(engine, scenario, self.runs) for scenario in self.scenarios]
        for replication in range(self.replications):
            for number, scenario in enumerate(self.scenarios):
                key = number, replication
                yield Task(key, seeded(scenario, replication), engines[number], str(out))

    def _row(self, outcome: Outcome) -> Replication:
        if outcome.failure is not None:
            raise outcome.failure
        assert outcome.summary is not None
        number, replication = outcome.key
        return Replication(
            variant=number, name=self.variants[number].name, replication=replication,
            seed=self.scenarios[number].spec.seed + replication, run=outcome.run,
            summary=outcome.summary,
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
    vary: Mapping[str, Values],
    replications: int,
    seed: int | None,
    overrides: Mapping[str, Any],
    confidence: float,
) -> Plan:
    """Load every variant. Raises ScenarioError with what is wrong in any of them."""
    check(replications, confidence)
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
        raise ScenarioError([mistake(SEED, first, "is not the seed of all variants; give --seed")])
    check_seeds(first, replications)
    return Plan(tuple(made), tuple(scenarios), replications, confidence)
