"""Machines that are slow for some of the time: noisy neighbours, cold caches.

Slow times and the pauses between them are drawn by machine, in the order of the file, and by turn,
so every machine has times of its own, and they are the same whatever the load. Where several hold
for a Pod at once, its speed is multiplied by all. A Pod's speed is asked when a service begins, so
a service that has begun is as fast as it was, under processor sharing too.
"""

from collections.abc import Generator, Iterator

import simpy

from emu.control.speeds import Speeds
from emu.distributions import sample
from emu.model import Model, SlowdownModel
from emu.random_streams import PAUSE, SLOWDOWN


def slowing(
    env: simpy.Environment, model: Model, speeds: Speeds
) -> Iterator[Generator[simpy.Event, None, None]]:
    """A process for each machine that is slow for some of the time."""
    for number, its in enumerate(model.slowdowns):
        yield _slow(env, model, its, number, speeds)


def _slow(
    env: simpy.Environment, model: Model, its: SlowdownModel, machine: int, speeds: Speeds
) -> Generator[simpy.Event, None, None]:
    table, turn = model.network.table, 0
    yield env.timeout(its.start_ns)
    while True:
        if its.pause >= 0:
            yield env.timeout(sample(table, its.pause, model.seed, PAUSE, machine, turn))
        for pod in its.pods:
            speeds.multiply(pod, its.speed)
        if its.lasting < 0:
            return
        yield env.timeout(sample(table, its.lasting, model.seed, SLOWDOWN, machine, turn))
        for pod in its.pods:
            speeds.release(pod, its.speed)
        if its.pause < 0:
            return
        turn += 1
