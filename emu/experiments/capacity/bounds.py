"""Which values exact formulas would choose, beside the one that the runs have shown."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from emu.analysis.summary import Summary
from emu.experiments.capacity.formula import Load, load_of, on_the_wires, response_of
from emu.experiments.capacity.objectives import Objective
from emu.experiments.capacity.plan import CapacityPlan
from emu.experiments.capacity.search import Verdict, search


class Bounds(NamedTuple):
    """Places in the range; None where no value of it would do, or nothing is known.

    ``shared`` is that of one queue for all workers, ``random`` that of a queue a Pod and random
    choice. ``why`` says why there are none.
    """

    shared: int | None = None
    random: int | None = None
    why: str = ""


def bounds(plan: CapacityPlan, runs: Sequence[Summary]) -> Bounds:
    """What the formulas say of the objectives they know; ``runs`` tell the time on the wires."""
    known = [one for one in plan.objectives if response_of(one) is not None]
    if not known:
        return Bounds(why="there is none for these objectives")
    load = cache(lambda place: load_of(plan.scenario(place)))
    for end in (0, len(plan.axis.values) - 1):
        found = load(end)
        if isinstance(found, str):
            return Bounds(why=found)
    wires = on_the_wires(runs)
    return Bounds(
        shared=_chosen(plan, lambda place: _meets(known, load(place), wires, shared=True)),
        random=_chosen(plan, lambda place: _meets(known, load(place), wires, shared=False)),
    )


def _chosen(plan: CapacityPlan, meets: Callable[[int], bool]) -> int | None:
    def judge(places: list[int]) -> list[Verdict]:
        return [Verdict.MEETS if meets(place) else Verdict.FAILS for place in places]

    return search(len(plan.axis.values), judge).answer


def _meets(known: Sequence[Objective], load: Load | str, wires: float, shared: bool) -> bool:
    """Whether the formulas have all objectives met that they know."""
    if isinstance(load, str):
        return False
    for objective in known:
        response = response_of(objective)
        assert response is not None
        time = load.shared(response) if shared else load.random(response)
        if not objective.is_met(objective.margin(time + wires)):
            return False
    return True
