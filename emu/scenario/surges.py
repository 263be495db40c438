"""The surges of a scenario's clients: see `emu.workload`."""

from emu.scenario.description import Client, ScenarioSpec
from emu.units import YEAR
from emu.workload import Surge, own_time, pieces


def surges_of(client: Client, spec: ScenarioSpec) -> tuple[Surge, ...]:
    """When the client sends faster, and how much."""
    return tuple(
        Surge(its.at, YEAR if its.lasting is None else its.lasting, its.factor)
        for name, its in spec.timeline
        if name == "surge" and its.client == client.name
    )


def elapsed(client: Client, spec: ScenarioSpec, until: int) -> int:
    """How much of the client's own time has passed by then, in nanoseconds."""
    return own_time(pieces(surges_of(client, spec)), until)
