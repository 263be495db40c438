"""The description of a run: reading, validating and completing scenario files."""

from emu.scenario.cluster import Cluster
from emu.scenario.description import ScenarioSpec
from emu.scenario.loading import Scenario, load
from emu.scenario.overrides import parse_overrides

__all__ = ["Cluster", "Scenario", "ScenarioSpec", "load", "parse_overrides"]
