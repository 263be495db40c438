"""What the checks look at."""

from typing import NamedTuple

from emu.scenario.cluster import Cluster
from emu.scenario.description import ScenarioSpec
from emu.scenario.objects import Objects
from emu.scenario.place import Place


class Subject(NamedTuple):
    """A completed scenario, and where its parts stand in the files."""

    spec: ScenarioSpec
    cluster: Cluster
    place: Place
    objects: Objects
