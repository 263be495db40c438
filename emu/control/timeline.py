"""What is done to a run at the times that its scenario says, or at random."""

import math
from collections.abc import Generator, Iterator
from typing import Any

import simpy
from pydantic.alias_generators import to_camel

from emu.control.log import Log
from emu.quantities import write_duration
from emu.random_streams import FAULT, uniform
from emu.scenario import ScenarioSpec
from emu.timeline import ACTIONS, RandomFault, World

Process = Generator[simpy.Event, None, None]


def timeline(
    env: simpy.Environment, spec: ScenarioSpec, world: World, log: Log
) -> Iterator[Process]:
    """A process for each action and each fault; of one instant, those written first begin first."""
    for name, its in spec.timeline:
        yield _do(env, world, log, name, its)
    for number, fault in enumerate(spec.faults):
        yield _at_random(env, spec.seed, world, log, fault, number)


def _do(env: simpy.Environment, world: World, log: Log, name: str, its: Any) -> Process:
    yield env.timeout(its.at)
    lasting = getattr(its, "lasting", None)
    _begin(env, world, log, name, its, "timeline", lasting)
    if lasting is not None:
        yield env.timeout(lasting)
        _end(env, world, log, name, its, "timeline")


def _at_random(
    env: simpy.Environment, seed: int, world: World, log: Log, fault: RandomFault, number: int
) -> Process:
    for turn in range(2**62):
        yield env.timeout(_exponential(fault.mtbf, seed, number, 2 * turn))
        lasting = None
        if fault.mttr is not None:
            lasting = _exponential(fault.mttr, seed, number, 2 * turn + 1)
        its = fault.options
        if lasting is not None:
            its = its.model_copy(update={"lasting": lasting})
        _begin(env, world, log, fault.name, its, "fault", lasting)
        if lasting is not None:
            yield env.timeout(lasting)
            _end(env, world, log, fault.name, its, "fault")


def _begin(
    env: simpy.Environment, world: World, log: Log, name: str, its: Any, cause: str,
    lasting: int | None,
) -> None:  # fmt: skip
    detail = "" if lasting is None else f"for {write_duration(lasting)}"
    log.write_event(int(env.now), to_camel(name), _objects(name, its), cause, detail or None)
    if hasattr(ACTIONS[name], "begin"):
        ACTIONS[name].begin(world, its)


def _end(env: simpy.Environment, world: World, log: Log, name: str, its: Any, cause: str) -> None:
    log.write_event(int(env.now), f"{to_camel(name)}Over", _objects(name, its), cause)
    if hasattr(ACTIONS[name], "end"):
        ACTIONS[name].end(world, its)


def _exponential(mean_ns: int, seed: int, fault: int, turn: int) -> int:
    """A time with this mean, in whole nanoseconds, at least 1."""
    return max(round(-math.log1p(-uniform(seed, FAULT, fault, turn)) * mean_ns), 1)


def _objects(name: str, its: Any) -> str:
    """What an action is about, in a word."""
    return ", ".join(named.name for named in ACTIONS[name].about(its)) or "cluster"
