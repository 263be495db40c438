"""One run from a scenario to its folder: engine, recorder and summary put together."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

import emu
from emu.analysis.division import division_of
from emu.analysis.streaming import Streaming
from emu.analysis.summary import Summary, summarise, summary_of
from emu.analysis.warmup import Transient
from emu.engines import Ending
from emu.errors import UnknownNameError
from emu.kernel import compiling_timed, draws, source_digest
from emu.model import Model
from emu.model.build import build
from emu.path import wire
from emu.random_streams import HOPS_SAMPLE, LOG_SAMPLE, nanoseconds_of_a_draw
from emu.recorder.header import Header, versions
from emu.recorder.run_folder import SCENARIO, SUMMARY, TIMING, find_complete, run_folder
from emu.recorder.sampling import sample_of
from emu.recorder.timing import Draws, Profile, Stopwatch, Timing
from emu.recorder.writing import Recording
from emu.results import Interrupted, Run
from emu.scenario import Scenario
from emu.scenario.checks.load import implied

ENGINES: Final = ("compiled", "process")
"""The engines by the names under which a run asks for them: packages of `emu.engines`."""

AUTO: Final = "auto"
"""Asks for the engine that a run of its size is soonest done with."""

_WORTH_COMPILING: Final = 20_000
"""Requests from which on the compiled loop saves a second or more, once it has been compiled."""

Progress = Callable[[int, int], None]
"""Called now and then with simulated nanoseconds and the number of requests sent."""


def execute(
    scenario: Scenario,
    out: Path,
    engine: str,
    again: bool,
    progress: Progress | None,
    profile: bool = False,
) -> Run:
    """Run a scenario into its folder under ``out``, or find the folder of the same run.

    ``again`` makes it anew all the same, and so does ``profile``, which asks where the time goes.
    Raises Interrupted, ResultsError and UnknownNameError.
    """
    engine = chosen_engine(engine, scenario)
    found = None if again or profile else find(scenario, out)
    if found is not None:
        return found
    watch = Stopwatch()
    with watch.phase("build"):
        model = build(scenario)
    with run_folder(out, scenario.name, name_of(scenario)) as folder:
        folder.write_text(SCENARIO, scenario.resolved())
        ending, summary, timing = _simulate(model, engine, folder.path, progress, watch, profile)
        folder.write_json(SUMMARY, summary.document())
        folder.write_json(TIMING, timing.document())
        run = Run(folder.finish())
    if ending.interrupted:
        raise Interrupted(run)
    return run


def find(scenario: Scenario, out: Path) -> Run | None:
    """The same run, where it was made before and is whole; else None. Raises ResultsError."""
    found = find_complete(out, scenario.name, name_of(scenario))
    return None if found is None else Run(found, found_again=True)


def name_of(scenario: Scenario) -> str:
    """The name of its run: all that made it, so that the same run is not made twice."""
    return f"{scenario.digest}-s{scenario.spec.seed}-v{emu.__version__}-{source_digest()[:8]}"


def chosen_engine(name: str, scenario: Scenario, runs: int = 1) -> str:
    """The engine that the name asks for, for so many runs of this size. Raises UnknownNameError."""
    if name == AUTO:
        enough = implied(scenario.spec) * runs >= _WORTH_COMPILING
        return "compiled" if enough else "process"
    if name not in ENGINES:
        raise UnknownNameError("engine", name, (AUTO, *ENGINES))
    return name


def _simulate(
    model: Model,
    engine: str,
    folder: Path,
    progress: Progress | None,
    watch: Stopwatch,
    profile: bool,
) -> tuple[Ending, Summary, Timing]:
    """Let the engine run and write; how it ended, its numbers, and the time that it took."""
    header = Header(
        scenario=model.name, scenario_digest=model.digest, seed=model.seed, engine=engine,
        versions=versions(), expected=model.expected, log=model.log, log_share=model.log_share,
    )  # fmt: skip
    drawn = draws()
    with Recording(folder, model.places, header) as recording:
        _write_first_sync(model, recording)
        sink = _Sink(model, recording, progress, watch)
        # Only the engine that runs is imported, for neither needs the other's kernels.
        with compiling_timed() as compiling, watch.phase("engine"):
            ending: Ending = import_module(f"emu.engines.{engine}").run(model, sink, profile)
        drawn = draws() - drawn
        with watch.phase("finish"):
            found = sink.transient.end() if sink.transient else None
            header = recording.close(ending.end_ns, ending.interrupted, ending.busy_ns, found)
    with watch.phase("finish"):
        totals = sink.streaming and sink.streaming.totals(ending.end_ns)
        summary = summary_of(header, totals) if totals else summarise(folder)
    took = watch.seconds
    wall = sum(took[phase] for phase in ("build", "engine", "finish"))
    timing = Timing(wall_seconds=wall, requests_per_second=ending.sent / wall)
    if profile:
        where = Profile(
            build=took["build"],
            compile=compiling.seconds,
            engine=took["engine"] - compiling.seconds,
            hand_over=took["hand_over"],
            finish=took["finish"],
            writer=recording.writer_seconds,
            events=ending.times,
            draws=Draws(count=drawn, nanoseconds_each=nanoseconds_of_a_draw()),
        )
        timing = timing.model_copy(update={"profile": where})
    return ending, summary, timing


def _write_first_sync(model: Model, recording: Recording) -> None:
    """Every node's rules hold from the start."""
    services = len(model.places.services)
    for name, endpoints in zip(model.places.node_names, model.reachable, strict=True):
        detail = f"{services} Service ports, {endpoints} endpoints"
        recording.write_event(0, "rules_synced", name, "start", detail)


class _Sink:
    """Hands an engine's rows to the recording, with the paths of those that are sampled.

    Where not all rows are written, ``streaming`` counts all as they pass; where the warm-up is to
    be found, ``transient`` gathers what it is found from.
    """

    def __init__(
        self, model: Model, recording: Recording, progress: Progress | None, watch: Stopwatch
    ) -> None:
        self._model, self._recording, self._progress = model, recording, progress
        self._watch = watch
        self.write_metrics, self.write_event = recording.write_metrics, recording.write_event
        self.transient = Transient() if model.expected.warmup_found else None
        self.streaming = None
        if model.log != "requests":
            self.streaming = Streaming(model.places, division_of(model.expected, 0))

    def write_requests(self, rows: NDArray[Any]) -> None:
        with self._watch.phase("hand_over"):
            self._hand_over(rows)

    def _hand_over(self, rows: NDArray[Any]) -> None:
        model = self._model
        if self.streaming is not None:
            self.streaming.add(rows)
        if self.transient is not None:
            self.transient.add(rows)
        self._recording.write_requests(self._logged(rows))
        for row in sample_of(rows, model.hops_share, model.seed, HOPS_SAMPLE):
            steps = enumerate(wire(model, row), start=1)
            self._recording.write_hops(
                (int(row["request"]), int(row["attempt"]), number, *step) for number, step in steps
            )

    def _logged(self, rows: NDArray[Any]) -> NDArray[Any]:
        """The rows that are written."""
        share = self._model.log_share
        if share == 1:
            return rows
        if share == 0:
            return rows[:0]
        return sample_of(rows, share, self._model.seed, LOG_SAMPLE)

    def add_pod(self, name: str, address: str, node: int) -> None:
        self._recording.add_pod(name, address, node)

    def add_endpoint(self, address: str, port: int) -> None:
        self._recording.add_endpoint(address, port)

    def progress(self, now_ns: int, sent: int) -> None:
        if self._progress is not None:
            self._progress(now_ns, sent)
