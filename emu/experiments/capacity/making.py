"""A search for capacity is made: runs where they decide, and what comes of them put together."""

from collections import defaultdict
from collections.abc import Iterator

from emu.analysis.bottleneck import Bottleneck, bottleneck
from emu.analysis.summary import Summary
from emu.experiments.capacity.bounds import Bounds, bounds
from emu.experiments.capacity.judgement import Judgement, interval, judged, looks
from emu.experiments.capacity.plan import CapacityPlan
from emu.experiments.capacity.result import FILES, Capacity, Tried
from emu.experiments.capacity.search import Found, Verdict, search
from emu.experiments.capacity.tables import tables
from emu.experiments.execution import Executor, Outcome, Task, drained, executor
from emu.experiments.replicating import Progress, seeded
from emu.experiments.replications import write_table
from emu.experiments.storage import made_of_runs, name_by, place
from emu.experiments.workforce import workers_for
from emu.running import chosen_engine


def make(
    plan: CapacityPlan,
    out: str,
    engine: str = "auto",
    workers: int | None = 1,
    progress: Progress | None = None,
) -> Capacity:
    """Search, and leave the answer and what it rests on beside the runs, which are found again.

    Raises ScenarioError where a value on the way cannot be loaded, UnknownNameError for an engine
    that there is not, ResultsError where results cannot be written, what a run raises, and
    KeyboardInterrupt: runs that are done by then are found again.
    """
    return _Search(plan, out, engine, progress or (lambda done, of: None)).made(workers)


class _Search:
    """What is known while a search goes on."""

    def __init__(self, plan: CapacityPlan, out: str, engine: str, progress: Progress) -> None:
        self._plan, self._out, self._progress = plan, out, progress
        self._places = len(plan.axis.values)
        self._likely = plan.runs
        self._engine = chosen_engine(engine, plan.ends[0], self._likely)
        self._runs: dict[int, dict[int, Outcome]] = defaultdict(dict)
        self._judgements: dict[int, Judgement] = {}
        self._begun = 0

    def made(self, workers: int | None) -> Capacity:
        """The answer, and all that it rests on."""
        first = self._plan.ends[0]
        many = workers_for(workers, first, self._likely, self._out)
        with executor(many, None, self._part) as by:
            found = search(self._places, lambda places: self._judge(places, by))
        return self._written(found)

    def _judge(self, places: list[int], by: Executor) -> list[Verdict]:
        """Run each of the places as often as it takes to tell, or as often as it may be."""
        open_, plan = list(places), self._plan
        for count in looks(plan.most):
            for outcome in drained(self._tasks(open_, count), by):
                self._take(outcome)
            for one in open_:
                runs = self._summaries(one)
                self._judgements[one] = judged(plan.objectives, runs, plan.confidence, plan.most)
            open_ = [one for one in open_ if self._verdict(one) == Verdict.UNDECIDED]
        return [self._verdict(one) for one in places]

    def _tasks(self, places: list[int], count: int) -> Iterator[Task]:
        for one in places:
            scenario = self._plan.scenario(one)
            for replication in range(len(self._runs[one]), count):
                self._begun += 1
                key = one, replication
                yield Task(key, seeded(scenario, replication), self._engine, self._out)

    def _take(self, outcome: Outcome) -> None:
        if outcome.failure is not None:
            raise outcome.failure
        value, replication = outcome.key
        self._runs[value][replication] = outcome
        self._part(0.0)

    def _part(self, share: float) -> None:
        done = sum(map(len, self._runs.values()))
        self._progress(done + share, max(self._likely, self._begun))

    def _verdict(self, one: int) -> Verdict:
        return self._judgements[one].verdict

    def _summaries(self, one: int) -> list[Summary]:
        """In the order of their seeds, whichever was done first."""
        outcomes = self._runs[one]
        return [outcome.summary for key in sorted(outcomes) if (outcome := outcomes[key]).summary]

    def _written(self, found: Found) -> Capacity:
        plan, name = self._plan, self._plan.ends[0].name
        tried = tuple(self._tried(one) for one in sorted(self._runs))
        digest = self._digest()
        table, curve = tables(plan, tried, {one: self._outcomes(one) for one in self._runs})
        capacity = Capacity(
            path=place(self._out, name, f"capacity-{digest}"), scenario=name, varied=plan.axis.path,
            values=plan.axis.values, objectives=plan.objectives, confidence=plan.confidence,
            most=plan.most, seed=plan.seed, found=found, tried=tried,
            bottleneck=self._bottleneck(found), bounds=self._bounds(found),
            table=table, curve=curve,
        )  # fmt: skip
        with made_of_runs(self._out, name, f"capacity-{digest}", FILES) as folder:
            write_table(folder.path / FILES[0], table)
            write_table(folder.path / FILES[1], curve)
            folder.write_json(FILES[2], capacity.numbers())
        return capacity

    def _tried(self, one: int) -> Tried:
        plan, runs = self._plan, self._summaries(one)
        intervals = tuple(interval(each, runs, plan.confidence) for each in plan.objectives)
        return Tried(one, plan.axis.values[one], runs, self._judgements[one], intervals)

    def _outcomes(self, one: int) -> list[Outcome]:
        return [self._runs[one][key] for key in sorted(self._runs[one])]

    def _bottleneck(self, found: Found) -> Bottleneck | None:
        """Of the nearest value that fails, its first replication beside that of the answer."""
        if found.fails is None:
            return None
        meets = None if found.answer is None else self._summaries(found.answer)[0]
        each = zip(self._plan.objectives, self._judgements[found.fails].of_each, strict=True)
        by_failures = any(
            one.metric.unit != "s" and verdict == Verdict.FAILS for one, verdict in each
        )
        return bottleneck(self._summaries(found.fails)[0], meets, by_failures)

    def _bounds(self, found: Found) -> Bounds:
        of = found.answer if found.answer is not None else self._places - 1
        return bounds(self._plan, self._summaries(of))

    def _digest(self) -> str:
        """12 hexadecimal digits that name the search: the range, the objectives and the runs."""
        plan = self._plan
        names = [outcome.run for one in sorted(self._runs) for outcome in self._outcomes(one)]
        identity = (
            plan.axis.path, [one.text for one in plan.objectives], plan.confidence, plan.most,
            names,
        )  # fmt: skip
        return name_by(identity)
