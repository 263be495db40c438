"""All control loops of a run."""

from collections.abc import Generator, Iterator

import simpy

from emu.control.cluster import LiveCluster
from emu.control.ejecting import ejecting
from emu.control.joining import joining
from emu.control.log import NamedLog
from emu.control.sampler import sampler
from emu.control.slowing import slowing
from emu.control.speeds import Speeds
from emu.control.traffic import Traffic
from emu.model import Model
from emu.model.state import State


def control_loops(
    env: simpy.Environment, model: Model, state: State, traffic: Traffic, log: NamedLog
) -> Iterator[Generator[simpy.Event, None, None]]:
    """The processes that run beside the requests; of one instant, in this order."""
    speeds = Speeds(state)
    yield from joining(env, model, state, log)
    yield from slowing(env, model, speeds)
    yield from ejecting(env, model, state, log)
    cluster = None
    if model.live is not None:
        cluster = LiveCluster(env, model, model.live, state, traffic, log, speeds)
        yield from cluster.processes()
    yield sampler(env, model, state, log, cluster)
