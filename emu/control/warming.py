"""Processes that are slow at first: cold caches, code that is not compiled yet.

The speed of one is multiplied by ``least`` when it begins to listen, and rises to its own in
`STEPS` equal steps of time and speed.
"""

from collections.abc import Callable, Generator
from typing import Final

import simpy

from emu.control.speeds import Speeds
from emu.scenario.description import Warming

STEPS: Final = 20
"""Of the window."""


def warm(
    env: simpy.Environment, speeds: Speeds, pod: int, its: Warming, goes_on: Callable[[], bool]
) -> Generator[simpy.Event, None, None]:
    """A process for the window, or as long as it ``goes_on``."""
    began = int(env.now)
    for step in range(STEPS):
        factor = its.least + (1 - its.least) * step / STEPS
        speeds.multiply(pod, factor)
        yield env.timeout(began + its.window * (step + 1) // STEPS - int(env.now))
        speeds.release(pod, factor)
        if not goes_on():
            return
