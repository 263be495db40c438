"""A sweep is made: its points loaded one by one, run, and put together."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from statistics import fmean

from emu.analysis.comparison import Estimate, estimate
from emu.analysis.metrics import METRICS
from emu.errors import Mistake, ResultsError, ScenarioError
from emu.experiments.execution import Outcome, Task, executor, results
from emu.experiments.replicating import SEED, Progress, check_seeds, mistake, seeded
from emu.experiments.storage import place
from emu.experiments.sweep import Sweep
from emu.experiments.sweep_plan import SweepPlan
from emu.experiments.sweep_tables import Point, SweepRun, tables
from emu.experiments.sweep_writing import digest_of, write
from emu.experiments.workforce import workers_for
from emu.recorder.header import versions
from emu.running import chosen_engine, name_of
from emu.scenario import Scenario

Warn = Callable[[str], None]


def make(
    plan: SweepPlan,
    out: str,
    engine: str = "auto",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    warn: Warn | None = None,
) -> Sweep:
    """Make every run of the sweep, or find it again, and leave the sweep's folder beside them.

    A point that fails stops no other. Raises ScenarioError with all mistakes where no point can be
    loaded, UnknownNameError for an engine that there is not, ResultsError where results cannot be
    written, and KeyboardInterrupt: runs that are done by then are found again.
    """
    silent = (lambda done, of: None), (lambda text: None)
    return _Making(plan, out, engine, progress or silent[0], warn or silent[1]).made(
        workers, scheduler
    )


class _Making:
    """What is known of a sweep while it is made."""

    def __init__(
        self, plan: SweepPlan, out: str, engine: str, progress: Progress, warn: Warn
    ) -> None:
        self._plan, self._out, self._engine = plan, out, engine
        self._progress, self._warn = progress, warn
        self._done = 0
        self._seed = 0
        self._runs: dict[int, list[SweepRun]] = defaultdict(list)
        self._names: dict[int, list[str]] = {}  # of the runs that each point has or should have
        self._failed: dict[int, tuple[int, str]] = {}
        self._mistakes: dict[Mistake, None] = {}
        self._warned: set[str] = set()

    def made(self, workers: int | None, scheduler: str | None) -> Sweep:
        """All runs, and what came of them."""
        scenarios = self._scenarios()
        found = next(scenarios, None)
        if found is None:
            raise ScenarioError(self._mistakes)
        _, first = found
        self._seed = first.spec.seed
        check_seeds(self._seed, self._plan.spec.replications)
        self._engine = chosen_engine(self._engine, first, self._plan.runs)
        many = workers_for(workers, first, self._plan.runs, self._out, scheduler is not None)
        by = executor(many, scheduler, self._part)
        with closing(results(self._tasks(chain([found], scenarios)), by)) as outcomes:
            for outcome in outcomes:
                self._take(outcome)
        return self._together(first.name)

    def _scenarios(self) -> Iterator[tuple[int, Scenario]]:
        """The points that can be loaded, each when it is asked for."""
        for point in range(len(self._plan.settings)):
            try:
                scenario = self._plan.load(point)
                if self._names and scenario.spec.seed != self._seed:
                    rule = "is not the seed of the points before; give --seed"
                    raise ScenarioError([mistake(SEED, scenario.spec.seed, rule)])
            except ScenarioError as error:
                self._mistakes |= dict.fromkeys(error.mistakes)
                self._fail(point, 0, str(error))
                self._count(self._plan.spec.replications)
                continue
            self._say(scenario)
            yield point, scenario

    def _tasks(self, scenarios: Iterator[tuple[int, Scenario]]) -> Iterator[Task]:
        for point, scenario in scenarios:
            names = self._names[point] = []
            for replication in range(self._plan.spec.replications):
                one = seeded(scenario, replication)
                names.append(name_of(one))
                yield Task((point, replication), one, self._engine, self._out)

    def _take(self, outcome: Outcome) -> None:
        point, replication = outcome.key
        if isinstance(outcome.failure, ResultsError):  # no other run could be written either
            raise outcome.failure
        if outcome.summary is None:
            self._fail(point, replication, f"seed {self._seed + replication}: {outcome.failure}")
        else:
            self._runs[point].append(self._row(outcome))
        self._count(1)

    def _row(self, outcome: Outcome) -> SweepRun:
        (point, replication), summary = outcome.key, outcome.summary
        assert summary is not None
        return SweepRun(
            point, replication, self._seed + replication, outcome.run, summary.quantile_error,
            tuple(metric.of(summary) for metric in METRICS),
            tuple(metric.error_of(summary) for metric in METRICS),
        )  # fmt: skip

    def _together(self, name: str) -> Sweep:
        """Everything in the order of the points, whichever was done first."""
        plan, spec = self._plan, self._plan.spec
        points = [self._point(number) for number in range(len(plan.settings))]
        runs = [run for number in sorted(self._runs) for run in sorted(self._runs[number])]
        header = {
            "scenario": name, "seed": self._seed, "replications": spec.replications,
            "confidence": spec.confidence, "design": spec.design, "versions": versions(),
        }  # fmt: skip
        table, of_points = tables(points, runs, header)
        digest = digest_of(plan, self._names)
        sweep = Sweep(
            path=place(self._out, name, "sweeps", digest), scenario=name, seed=self._seed,
            replications=spec.replications, confidence=spec.confidence, design=spec.design,
            table=table, points=of_points, rows=tuple(points),
        )  # fmt: skip
        write(sweep, plan, self._out, digest)
        return sweep

    def _point(self, number: int) -> Point:
        settings, runs = self._plan.settings[number], self._runs.get(number, [])
        if number in self._failed:
            return Point(settings, len(runs), self._failed[number][1])
        metrics = {
            metric.name: _estimate(place_, runs, self._plan.spec.confidence)
            for place_, metric in enumerate(METRICS)
        }
        return Point(settings, len(runs), None, max(run.quantile_error for run in runs), metrics)

    def _fail(self, point: int, replication: int, why: str) -> None:
        """Keep the failure of the first replication that failed."""
        self._failed[point] = min((replication, why), self._failed.get(point, (replication, why)))

    def _say(self, scenario: Scenario) -> None:
        for text in scenario.warnings:
            if text not in self._warned:
                self._warned.add(text)
                self._warn(text)

    def _count(self, runs: int) -> None:
        self._done += runs
        self._progress(self._done, self._plan.runs)

    def _part(self, share: float) -> None:
        self._progress(self._done + share, self._plan.runs)


def _estimate(metric: int, runs: list[SweepRun], confidence: float) -> Estimate:
    """Of the replications that have the metric, in the order of their seeds."""
    having = [
        (value, run.errors[metric])
        for run in sorted(runs)
        if (value := run.values[metric]) is not None
    ]
    error = fmean(error for _, error in having) if having else 0.0
    return estimate([value for value, _ in having], confidence, error)
