"""A Pod: so many workers, each serving one request at a time, and a FIFO backlog before them.

Which request waits where is the engine's business; here it is counted and decided.
"""

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded

POD = np.dtype(
    [
        ("node", "i8"),
        ("app_port", "i8"),
        ("workers", "i8"),
        ("backlog", "i8"),
        ("service_time", "i8"),
        ("busy", "i8"),
        ("queued", "i8"),
    ]
)
"""One Pod: its node, the port at which its process listens, its size, the place of its service
time in the model's distributions; and its state, workers busy and requests waiting."""


class Admission(IntEnum):
    """What becomes of a request that comes to a Pod."""

    SERVED = 0
    QUEUED = 1
    REFUSED = 2


_SERVED, _QUEUED, _REFUSED = (int(admission) for admission in Admission)


@embedded
def arrive(pods: NDArray[Any], pod: int) -> int:
    """Take a free worker, else a place in the backlog, else be refused: an `Admission`."""
    it = pods[pod]
    if it["busy"] < it["workers"]:
        it["busy"] += 1
        return _SERVED
    if it["queued"] < it["backlog"]:
        it["queued"] += 1
        return _QUEUED
    return _REFUSED


@embedded
def leave(pods: NDArray[Any], pod: int) -> bool:
    """End a service; true when the first in the backlog begins its own."""
    it = pods[pod]
    if it["queued"] > 0:
        it["queued"] -= 1
        return True
    it["busy"] -= 1
    return False
