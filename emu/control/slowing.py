"""Machines that are slow for some of the time: noisy neighbours, cold caches.

Slow times and the pauses between them are drawn by machine, in the order of the file, and by turn,
so every machine has times of its own, and they are the same whatever the load. Where several hold
for a Pod at once, its speed is multiplied by all. A Pod's speed is asked when a service begins, so
a service that has begun is as fast as it was, under processor sharing too.
"""

from collections.abc import Generator, Iterator
from math import prod

import simpy

from emu.distributions import sample
from emu.model import Model, SlowdownModel
from emu.model.state import State
from emu.random_streams import PAUSE, SLOWDOWN


def slowing(
    env: simpy.Environment, model: Model, state: State
) -> Iterator[Generator[simpy.Event, None, None]]:
    """A process for each machine that is slow for some of the time."""
    speeds = _Speeds(model, state)
    for number, its in enumerate(model.slowdowns):
        yield _slow(env, model, its, number, speeds)


class _Speeds:
    """The speeds of the Pods, with what slows them at the moment."""

    def __init__(self, model: Model, state: State) -> None:
        self._model, self._state = model, state
        self._slowed: dict[int, dict[int, float]] = {}

    def slow(self, machine: int) -> None:
        """From now on the Pods of a machine are slow."""
        its = self._model.slowdowns[machine]
        for pod in its.pods:
            self._slowed.setdefault(pod, {})[machine] = its.speed
            self._set(pod)

    def release(self, machine: int) -> None:
        """From now on they are not, as far as this machine goes."""
        for pod in self._model.slowdowns[machine].pods:
            del self._slowed[pod][machine]
            self._set(pod)

    def _set(self, pod: int) -> None:
        """Anew from all that slow it, in order: quotients would drift."""
        factors = (speed for _, speed in sorted(self._slowed[pod].items()))
        self._state.pods["speed"][pod] = self._model.pods["speed"][pod] * prod(factors)


def _slow(
    env: simpy.Environment, model: Model, its: SlowdownModel, machine: int, speeds: _Speeds
) -> Generator[simpy.Event, None, None]:
    table, turn = model.network.table, 0
    yield env.timeout(its.start_ns)
    while True:
        if its.pause >= 0:
            yield env.timeout(sample(table, its.pause, model.seed, PAUSE, machine, turn))
        speeds.slow(machine)
        if its.lasting < 0:
            return
        yield env.timeout(sample(table, its.lasting, model.seed, SLOWDOWN, machine, turn))
        speeds.release(machine)
        if its.pause < 0:
            return
        turn += 1
