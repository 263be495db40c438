"""What must hold between the parts of a scenario."""

from emu.errors import Mistake, ScenarioError
from emu.scenario.cluster import Cluster
from emu.scenario.description import ScenarioSpec
from emu.scenario.objects import Objects
from emu.scenario.place import Place


def check(
    written: ScenarioSpec, spec: ScenarioSpec, cluster: Cluster, place: Place, objects: Objects
) -> tuple[str, ...]:
    """Warnings; raises ScenarioError with every mistake."""
    mistakes: list[Mistake] = []
    if mistakes:
        raise ScenarioError(mistakes)
    return ()
