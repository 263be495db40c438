"""What a search for capacity is to do, checked before anything is run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emu.errors import Mistake, ScenarioError
from emu.experiments.axis import Axis
from emu.experiments.capacity.judgement import FEWEST
from emu.experiments.capacity.objectives import Objective, parse_objectives
from emu.experiments.replicating import LOG, check, check_seeds
from emu.experiments.varying import Values, axes
from emu.scenario import Scenario, load
from emu.scenario.text import printable

_FEWEST_VALUES = 2


@dataclass(frozen=True)
class CapacityPlan:
    """A search that can be begun: both ends of the range are scenarios that can be run."""

    source: Path
    axis: Axis
    objectives: tuple[Objective, ...]
    overrides: Mapping[str, Any]
    most: int
    """Replications of a value that is hard to tell from the bound."""
    confidence: float
    seed: int
    """Of the first replication; each further one has the next."""
    _loaded: dict[int, Scenario] = field(compare=False, repr=False)
    """By place, each once."""

    @property
    def ends(self) -> tuple[Scenario, Scenario]:
        """The scenarios of the first value and of the last."""
        return self.scenario(0), self.scenario(len(self.axis.values) - 1)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What in the scenarios of the two ends may not be meant, each once."""
        return tuple(dict.fromkeys(text for one in self.ends for text in one.warnings))

    @property
    def runs(self) -> int:
        """How many runs it takes at least, if each value is far from the bound."""
        halvings = math.ceil(math.log2(len(self.axis.values)))
        return min(FEWEST, self.most) * min(len(self.axis.values), len(self.ends) + halvings)

    def scenario(self, place: int) -> Scenario:
        """The scenario with the value at this place, loaded once. Raises ScenarioError."""
        if place not in self._loaded:
            overrides = _overrides(self.overrides, self.axis, place)
            self._loaded[place] = load(self.source, overrides, self.seed)
        return self._loaded[place]


def plan(
    source: Path,
    slo: str,
    vary: Mapping[str, Values],
    most: int,
    seed: int | None,
    overrides: Mapping[str, Any],
    confidence: float,
) -> CapacityPlan:
    """The search for these objectives along one path. Raises ScenarioError."""
    check(most, confidence)
    objectives = parse_objectives(slo)
    made, broken = axes(vary, overrides, _FEWEST_VALUES)
    mistakes = [Mistake("vary", 0, printable(path), "", rule) for path, rule in broken]
    if len(vary) != 1:
        mistakes.append(Mistake("vary", 0, "", "", "must have one path, with a range of values"))
    if mistakes:
        raise ScenarioError(mistakes)
    (axis,) = made
    first = load(source, _overrides(overrides, axis, 0), seed)
    check_seeds(first.spec.seed, most)
    found = CapacityPlan(
        source, axis, objectives, overrides, most, confidence, first.spec.seed, {0: first}
    )
    _ = found.ends  # so that a range whose end cannot be run is refused before anything is run
    return found


def _overrides(overrides: Mapping[str, Any], axis: Axis, place: int) -> dict[str, Any]:
    return {**LOG, **overrides, axis.path: axis.values[place]}
