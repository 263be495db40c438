"""A Pod: so many workers at some speed, and those that are there beyond them, up to its backlog.

Under FIFO a worker serves one request at a time and the others wait; under processor sharing the
workers share all of them, see `emu.hops.sharing`. Which request waits where is the engine's
business; here it is counted and decided.
"""

from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.distributions import LONGEST, sample
from emu.kernel import embedded
from emu.random_streams import SERVICE

POD = np.dtype(
    [
        ("node", "i8"),
        ("app_port", "i4"),
        ("shared", "i4"),
        ("workers", "i8"),
        ("backlog", "i8"),
        ("service_time", "i4"),
        ("epoch", "i4"),
        ("speed", "f8"),
        ("busy", "i8"),
        ("queued", "i8"),
    ]
)
"""One Pod, a cache line: its node, the port at which its process listens, whether its workers are
shared, its size, the place of its service time in the model's distributions, what that is divided
by; how many processes it has had, which connections do not outlive; and its state, workers busy and
requests beyond them."""

CLOSED: Final = 0
"""In the place of a port: no process listens, and the host answers with RST."""
GONE: Final = -1
"""Nobody has the address, and nobody answers."""


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


@embedded
def service_time(
    pods: NDArray[Any],
    table: NDArray[np.float64],
    pod: int,
    asked: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """How long a worker takes for the request: the request's draw over the Pod's speed, in whole
    nanoseconds, at most a year.

    ``asked`` is the distribution that its class asks for, or below 0 for that of the Pod.
    """
    it = pods[pod]
    distribution = it["service_time"] if asked < 0 else asked
    drawn = sample(table, distribution, seed, SERVICE, request, attempt)
    if it["speed"] == 1.0:
        return drawn
    return int(min(drawn / it["speed"], LONGEST) + 0.5)
