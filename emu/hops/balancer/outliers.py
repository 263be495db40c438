"""Backends that answer with errors, one after the other, get no requests for a time.

So many errors in a row eject a backend at once, for a base time as often as it was ejected, up to a
longest; the number of times is one less for each interval that it is back. At most a share of the
backends is ejected at a time, but one may always be. Source: Envoy, "Outlier detection", and
source/common/upstream/outlier_detection_impl.cc. `emu.control.ejecting` lets them return.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.barring import Bar, bar
from emu.kernel import kernel

DETECTOR = np.dtype(
    [
        ("errors", "i8"),
        ("interval_ns", "i8"),
        ("base_ns", "i8"),
        ("longest_ns", "i8"),
        ("most", "i8"),
        ("ejected", "i8"),
    ]
)
"""Of a listener: how many errors in a row eject a backend (0: none do), how often it is looked
which may return, the base and the longest time, how many may be ejected at once, and how many are.
"""

MONITOR = np.dtype(
    [("until_ns", "i8"), ("returned_ns", "i8"), ("errors", "i4"), ("ejections", "i4")]
)
"""Of a backend: until when it is ejected (0: it is not), when it has returned; its errors in a row,
and how often it was ejected lately."""

_EJECTED: Final = int(Bar.EJECTED)

SERVED: Final = 0
FAILED: Final = 1
"""What a request that has come to its end says of its backend."""


def no_ejections(backends: int) -> NDArray[np.int64]:
    """Room for the ejections between two looks of the control loop, each backend's at most one: how
    many there are, then for each when it was, its listener, its backend, and for how long."""
    return np.zeros((1 + backends, 4), np.int64)


@kernel
def hear(
    kind: int,
    backends: NDArray[Any],
    memory: NDArray[np.int64],
    monitors: NDArray[Any],
    detectors: NDArray[Any],
    ejections: NDArray[np.int64],
    listener: int,
    backend: int,
    now: int,
    says: int,
) -> bool:
    """A backend has answered, or failed to; whether it is ejected now."""
    it, its = monitors[backend], detectors[listener]
    if its["errors"] == 0 or it["until_ns"] != 0:
        return False
    if says == SERVED:
        it["errors"] = 0
        return False
    it["errors"] += 1
    if it["errors"] < its["errors"]:
        return False
    it["errors"] = 0
    if its["ejected"] >= its["most"]:
        return False
    its["ejected"] += 1
    it["ejections"] += 1
    lasting = min(its["base_ns"] * it["ejections"], its["longest_ns"])
    it["until_ns"] = now + lasting
    bar(kind, backends, memory, backend, _EJECTED)
    ejections[0, 0] += 1
    row = ejections[ejections[0, 0]]
    row[0], row[1], row[2], row[3] = now, listener, backend, lasting
    return True
