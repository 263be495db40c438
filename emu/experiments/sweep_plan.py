"""What a sweep is to do: its points, from options or a file, checked before any is loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

from emu.errors import Mistake, ScenarioError, UnknownNameError
from emu.experiments.axis import Axis
from emu.experiments.designs import DESIGNS
from emu.experiments.replicating import LOG, check, mistake
from emu.experiments.sweep_file import MOST_POINTS, SweepSpec, read_sweep
from emu.experiments.varying import Values, as_json, axes
from emu.scenario import Scenario, load
from emu.scenario.place import Place
from emu.scenario.text import printable


@dataclass(frozen=True)
class SweepPlan:
    """A sweep that can be tried: its points are known, whether they can be loaded is not."""

    source: Path
    """The scenario's file."""
    axes: tuple[Axis, ...]
    settings: tuple[dict[str, Any], ...]
    """Of each point, what it has in place of the file's values, by path."""
    spec: SweepSpec

    @property
    def runs(self) -> int:
        """How many runs it takes."""
        return self.spec.replications * len(self.settings)

    def load(self, point: int) -> Scenario:
        """The scenario of a point, with the seed of the first replication. Raises ScenarioError."""
        overrides = LOG | self.spec.set | self.settings[point]
        return load(self.source, overrides, self.spec.seed)

    def document(self, source: str) -> dict[str, Any]:
        """The ``spec`` of a file that makes the same sweep, of a scenario in ``source``."""
        spec = self.spec.model_dump(by_alias=True, exclude_none=True)
        vary = {axis.path: axis.as_written for axis in self.axes}
        document: dict[str, Any] = as_json(spec | {"scenario": source, "vary": vary})
        return document


def plan(source: Path, vary: Mapping[str, Values] | None = None, **options: Any) -> SweepPlan:
    """The sweep of a scenario's file, or that of a file of kind Sweep.

    ``options`` are the fields of `SweepSpec`, None for what is not said; ``overrides`` are added to
    its ``set``. Raises ScenarioError.
    """
    found = read_sweep(source)
    spec, place = found or (SweepSpec(scenario=str(source)), None)
    said = {name: value for name, value in options.items() if value is not None}
    values = {**spec.set, **said.pop("overrides", {})}
    spec = spec.model_copy(update=said | {"set": values})
    _check(spec)
    at = partial(_in_file, place) if place is not None and vary is None else _in_option
    made, broken = axes(spec.vary if vary is None else vary, spec.set, 1)
    mistakes = [at(*problem) for problem in broken]
    if not (made or broken):
        mistakes.append(at("", "nothing is varied: give a path and its values"))
    if mistakes:
        raise ScenarioError(mistakes)
    points = _points(made, spec, Path(spec.scenario))
    settings = ({axis.path: value for axis, value in zip(made, point, strict=True)}
                for point in points)  # fmt: skip
    return SweepPlan(Path(spec.scenario), tuple(made), tuple(settings), spec)


def _points(made: list[Axis], spec: SweepSpec, source: Path) -> list[tuple[Any, ...]]:
    design = DESIGNS[spec.design]
    count = spec.points or 0
    if not design.SAMPLES:
        count = prod(len(axis.values) for axis in made)
    if count > MOST_POINTS:
        raise ScenarioError([mistake("points", count, f"must be at most {MOST_POINTS:,}")])
    seed = 1 if spec.seed is None else spec.seed
    found: list[tuple[Any, ...]] = design.points(made, count, seed)
    return found


def _check(spec: SweepSpec) -> None:
    if spec.design not in DESIGNS:
        raise UnknownNameError("design", spec.design, DESIGNS)
    check(spec.replications, spec.confidence)
    mistakes = list(_about_points(spec))
    if mistakes:
        raise ScenarioError(mistakes)


def _about_points(spec: SweepSpec) -> Iterator[Mistake]:
    samples = DESIGNS[spec.design].SAMPLES
    if samples and spec.points is None:
        yield Mistake("", 0, "points", "", f"is required with the design {spec.design}")
    elif spec.points is not None and not samples:
        rule = f"goes with a design that samples; {spec.design} has all combinations"
        yield mistake("points", spec.points, rule)
    elif spec.points is not None and spec.points < 1:
        yield mistake("points", spec.points, "must be at least 1")


def _in_file(place: Place, path: str, rule: str) -> Mistake:
    steps = ("spec", "vary", path) if path else ("spec", "vary")
    return place.mistake(steps, rule) if path else place.missing(steps, rule)


def _in_option(path: str, rule: str) -> Mistake:
    return Mistake("vary", 0, printable(path) if path else "", "", rule)
