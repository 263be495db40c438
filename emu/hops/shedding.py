"""Requests whose turn at a Pod comes too late: they are answered at once, and not served.

A Pod may shed those that have waited for too long (as CoDel and other servers do by the age of what
is queued), and those whose client waits no longer: gRPC hands the deadline on with a request, and a
server that heeds it does no work for nobody.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel

SHEDDING = np.dtype([("queue_timeout_ns", "i8"), ("heeds_deadlines", "i8")])
"""Of a Pod: for how long a request may wait for its turn (-1: for ever), and whether the Pod looks
at deadlines."""


def any_shed(shedding: NDArray[Any]) -> bool:
    """Whether a Pod does not serve all requests whose turn comes."""
    return bool((shedding["queue_timeout_ns"] >= 0).any() or shedding["heeds_deadlines"].any())


@kernel
def is_stale(shedding: NDArray[Any], pod: int, came: int, deadline: int, now: int) -> bool:
    """Whether a request, whose turn comes, is shed: by when it came, and its client's deadline."""
    its = shedding[pod]
    if 0 <= its["queue_timeout_ns"] < now - came:
        return True
    return bool(its["heeds_deadlines"] != 0 and now >= deadline)
