"""Backends that were ejected for their errors return: see `emu.hops.balancer.outliers`."""

from collections.abc import Generator, Iterator

import numpy as np
import simpy

from emu.control.log import Log
from emu.hops.balancer.barring import Bar, clear
from emu.model import Model
from emu.model.state import State


def ejecting(
    env: simpy.Environment, model: Model, state: State, log: Log
) -> Iterator[Generator[simpy.Event, None, None]]:
    """A process for each listener that ejects backends: at every interval it looks which may
    return."""
    for number, detector in enumerate(state.detectors):
        if detector["errors"]:
            yield _look(env, model, state, number, log)


def _look(
    env: simpy.Environment, model: Model, state: State, number: int, log: Log
) -> Generator[simpy.Event, None, None]:
    interval, monitors = (
        int(state.detectors[number]["interval_ns"]),
        state.listeners[number].monitors,
    )
    while True:
        yield env.timeout(interval)
        now = int(env.now)
        _forgive(state, number, now - interval)
        ejected = monitors["until_ns"] != 0
        for backend in np.flatnonzero(ejected & (monitors["until_ns"] <= now)).tolist():
            _return(state, number, backend, now)
            name = model.listeners[number].names[backend]
            log.write_event(
                now, "backend_returned", model.listener_name(number), "ejectionTime", name
            )


def _forgive(state: State, number: int, before: int) -> None:
    """A backend that has been back since then was ejected one time less."""
    monitors = state.listeners[number].monitors
    back = (monitors["until_ns"] == 0) & (monitors["returned_ns"] <= before)
    monitors["ejections"][back & (monitors["ejections"] > 0)] -= 1


def _return(state: State, number: int, backend: int, now: int) -> None:
    its = state.listeners[number]
    monitor = its.monitors[backend]
    monitor["until_ns"], monitor["errors"], monitor["returned_ns"] = 0, 0, now
    state.detectors[number]["ejected"] -= 1
    clear(its.strategy, its.backends, its.memory, backend, int(Bar.EJECTED))
