"""What is done to a run at the times that its scenario says, or at random."""

import math
from collections.abc import Generator, Iterator
from typing import Any

import simpy
from pydantic.alias_generators import to_camel

from emu.control.run import Run
from emu.quantities import write_duration
from emu.random_streams import FAULT, uniform
from emu.timeline import ACTIONS, RandomFault, World, about

Process = Generator[simpy.Event, None, None]


class Timeline:
    """The actions of a run, done to a world."""

    def __init__(self, run: Run, world: World) -> None:
        self._run, self._env, self._world = run, run.env, world

    def processes(self) -> Iterator[Process]:
        """One for each action and each fault; of one instant, those written first begin first."""
        spec = self._run.live.spec
        for name, its in spec.timeline:
            yield self._do(name, its)
        for number, fault in enumerate(spec.faults):
            yield self._at_random(fault, number)

    def _do(self, name: str, its: Any) -> Process:
        yield self._env.timeout(its.at)
        lasting = getattr(its, "lasting", None)
        self._begin(name, its, "timeline", lasting)
        if lasting is not None:
            yield self._env.timeout(lasting)
            self._end(name, its, "timeline")

    def _at_random(self, fault: RandomFault, number: int) -> Process:
        for turn in range(2**62):
            yield self._env.timeout(self._drawn(fault.mtbf, number, 2 * turn))
            its, lasting = fault.options, None
            if fault.mttr is not None:
                lasting = self._drawn(fault.mttr, number, 2 * turn + 1)
                its = its.model_copy(update={"lasting": lasting})
            self._begin(fault.name, its, "fault", lasting)
            if lasting is not None:
                yield self._env.timeout(lasting)
                self._end(fault.name, its, "fault")

    def _begin(self, name: str, its: Any, cause: str, lasting: int | None) -> None:
        detail = None if lasting is None else f"for {write_duration(lasting)}"
        self._run.tell(to_camel(name), _objects(its), cause, detail)
        if hasattr(ACTIONS[name], "begin"):
            ACTIONS[name].begin(self._world, its)

    def _end(self, name: str, its: Any, cause: str) -> None:
        self._run.tell(f"{to_camel(name)}Over", _objects(its), cause)
        if hasattr(ACTIONS[name], "end"):
            ACTIONS[name].end(self._world, its)

    def _drawn(self, mean_ns: int, fault: int, turn: int) -> int:
        """An exponential time with this mean, in whole nanoseconds, at least 1."""
        drawn = uniform(self._run.live.spec.seed, FAULT, fault, turn)
        return max(round(-math.log1p(-drawn) * mean_ns), 1)


def _objects(its: Any) -> str:
    """What an action is about, in a word."""
    return ", ".join(named.name for named in about(its)) or "cluster"
