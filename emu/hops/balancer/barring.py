"""Why a backend of a load balancer gets no requests: the owner of ``available`` in `BACKENDS`.

There may be several reasons at once, and each of them comes and goes by itself: ``barred`` has a
bit for each, and ``available`` is 1 where there is none.
"""

from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer import changed
from emu.kernel import kernel


class Bar(IntFlag):
    """A reason for which a backend is not available."""

    WEIGHTLESS = 1
    """Its weight is 0."""
    NOT_JOINED = 2
    """The load balancer has not found it yet."""
    NO_ENDPOINT = 4
    """There is no ready endpoint: behind a node under the policy Local, or the Pod itself."""
    UNHEALTHY = 8
    """It has failed its health checks."""
    EJECTED = 16
    """It has answered with too many errors."""


@kernel
def bar(
    kind: int, backends: NDArray[Any], memory: NDArray[np.int64], backend: int, reason: int
) -> None:
    """From now on there is this reason; the strategy, of number ``kind``, hears of a backend that
    is lost to it."""
    it = backends[backend]
    it["barred"] |= reason
    if it["available"] != 0:
        it["available"] = 0
        changed(kind, backends, memory, backend)


@kernel
def clear(
    kind: int, backends: NDArray[Any], memory: NDArray[np.int64], backend: int, reason: int
) -> None:
    """From now on there is not; the strategy hears of a backend that is available again."""
    it = backends[backend]
    it["barred"] &= ~reason
    if it["barred"] == 0 and it["available"] == 0:
        it["available"] = 1
        changed(kind, backends, memory, backend)


def bar_from_start(backends: NDArray[Any], whether: NDArray[np.bool_], reason: Bar) -> None:
    """Bar backends before there is a strategy that would hear of it."""
    backends["barred"][whether] |= reason
    backends["available"] = backends["barred"] == 0
