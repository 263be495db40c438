"""What a Pod reports to who probes it: the requests at it, and how long another would be there.

Of the last `RECENT` requests that it answered a Pod knows when that was, how many others each met
there, and how long it stayed. Another would meet those that are there now, and is expected to stay
for the median time of those that met as many, of the ones answered in the last `MEMORY_NS`; if they
are not `ENOUGH`, also of those that met about as many, and of `NEAREST` at the most. Source: B.
Wydrowski, R. Kleinberg, S. M. Rumble, A. Archer, "Load is not what you should balance: Introducing
Prequal", NSDI'24, section 4; the four numbers are ours: fewer answers are too noisy a sample of
exponential service times, and more are no longer about the load that there is.

Reports are an int64 array with a row for each Pod: where the next answer goes; the answers; room
for the nearest of them.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded, kernel
from emu.units import SECOND

RECENT: Final = 64
NEAREST: Final = 16
ENOUGH: Final = 5
MEMORY_NS: Final = SECOND

_AT, _MET, _STAYED, _FIELDS = range(4)
_ANSWERS: Final = 1
_NEAR: Final = _ANSWERS + _FIELDS * RECENT
_NEVER: Final = -(2**62)


def empty(pods: int) -> NDArray[np.int64]:
    """The reports of so many Pods before their first answers."""
    reports = np.zeros((pods, _NEAR + NEAREST), np.int64)
    reports[:, _ANSWERS + _AT : _NEAR : _FIELDS] = _NEVER
    return reports


@embedded
def present(pods: NDArray[Any], pod: int) -> int:
    """How many requests are at one of these Pods (`emu.hops.pod.POD`), also in service."""
    it = pods[pod]
    return int(it["busy"] + it["queued"])


@kernel
def note(reports: NDArray[np.int64], pod: int, now: int, met: int, stayed: int) -> None:
    """A Pod has answered a request that met so many others, and was there for so long."""
    its = reports[pod]
    at = _ANSWERS + _FIELDS * its[0]
    its[at + _AT], its[at + _MET], its[at + _STAYED] = now, met, stayed
    its[0] = (its[0] + 1) % RECENT


@kernel
def expected(reports: NDArray[np.int64], pod: int, now: int, load: int) -> int:
    """For how many nanoseconds a request is expected to be there that meets so many others.

    Of an even number the median is the lower one. 0 where the Pod has answered nothing lately: it
    is worth a try.
    """
    its, near = reports[pod], 0
    for back in range(1, RECENT + 1):
        at = _ANSWERS + _FIELDS * ((its[0] - back + RECENT) % RECENT)
        if now - its[at + _AT] > MEMORY_NS:
            break
        near = _keep_nearest(its, at, near, load)
    near = _as_near(its, near, load)
    for place in range(1, near):
        _sort_in(its, place)
    return int(its[its[_NEAR + (near - 1) // 2] + _STAYED]) if near > 0 else 0


@kernel
def _keep_nearest(its: NDArray[np.int64], at: int, near: int, load: int) -> int:
    """Put an answer among the nearest, if it is one; how many they are. Of equals the one that was
    there first, the latest, is taken to be the nearer one."""
    place, distance = near, abs(its[at + _MET] - load)
    while place > 0 and abs(its[its[_NEAR + place - 1] + _MET] - load) > distance:
        if place < NEAREST:
            its[_NEAR + place] = its[_NEAR + place - 1]
        place -= 1
    if place < NEAREST:
        its[_NEAR + place] = at
    return min(near + 1, NEAREST)


@kernel
def _as_near(its: NDArray[np.int64], near: int, load: int) -> int:
    """How many of the nearest are as near as the `ENOUGH`th of them, or nearer."""
    kept = min(near, ENOUGH)
    if kept == 0:
        return 0
    farthest = abs(its[its[_NEAR + kept - 1] + _MET] - load)
    while kept < near and abs(its[its[_NEAR + kept] + _MET] - load) == farthest:
        kept += 1
    return kept


@kernel
def _sort_in(its: NDArray[np.int64], place: int) -> None:
    """Put the nearest answer at this place among those before it, in the order of their times."""
    at = its[_NEAR + place]
    while place > 0 and its[its[_NEAR + place - 1] + _STAYED] > its[at + _STAYED]:
        its[_NEAR + place] = its[_NEAR + place - 1]
        place -= 1
    its[_NEAR + place] = at
