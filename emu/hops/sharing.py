"""Processor sharing: all requests at a Pod are in service at once, its workers divided evenly.

With n requests and c workers each advances at the rate min(1, c / n). *Virtual time* is the service
that a request would have had that was there since the Pod was last idle: it passes at that rate, so
a request that comes at virtual time v with a service time s is done when virtual time reaches
v + s, whoever comes and goes meanwhile. Of the requests there, the one with the least such finish
is done first, of equal ones the one with the lowest number. Source: L. Kleinrock, "Queueing
Systems", volume 2 (1976), section 4.4; virtual time as in A. Demers, S. Keshav, S. Shenker,
"Analysis and simulation of a fair queueing algorithm", SIGCOMM'89.

Virtual time is int64, in units of 2^-7 ns, and is rounded down when a request comes or leaves: see
``docs/decisions/virtual-time-in-whole-units.md``. A request is done at the first whole nanosecond
at which its finish is reached.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded

SHARING = np.dtype(
    [("virtual", "i8"), ("since", "i8"), ("counted_from", "i8"), ("busy_ns", "i8")],
)
"""Of a Pod whose workers are shared: virtual time as it was at the time ``since``, and the time its
workers were busy between ``counted_from`` and then, all workers together, in nanoseconds."""

FRACTION: Final = 7
"""Bits behind the point of virtual time."""

FAR: Final = 2**61
"""What a time from now is cut to, in nanoseconds: 73 years."""


def idle(pods: int, counted_from: int) -> NDArray[Any]:
    """The state of so many Pods at first; their busy time counts from a time on."""
    state = np.zeros(pods, SHARING)
    state["counted_from"] = counted_from
    return state


@embedded
def pass_time(pods: NDArray[Any], sharing: NDArray[Any], pod: int, now: int) -> None:
    """Let the Pod's time pass until now, before somebody comes or leaves."""
    it, state = pods[pod], sharing[pod]
    busy = it["busy"]
    present = busy + it["queued"]
    since, state["since"] = state["since"], now
    if present == 0:
        state["virtual"] = 0
        return
    whole, rest = (now - since) // present, (now - since) % present
    rate = busy << FRACTION
    state["virtual"] += whole * rate + rest * rate // present
    state["busy_ns"] += busy * max(0, now - max(since, state["counted_from"]))


@embedded
def finish_of(sharing: NDArray[Any], pod: int, service: int) -> int:
    """The virtual time at which a request is done that comes now, by its service time."""
    return int(sharing[pod]["virtual"] + (service << FRACTION))


@embedded
def completion(pods: NDArray[Any], sharing: NDArray[Any], pod: int, finish: int) -> int:
    """When virtual time reaches ``finish``, if nobody comes or leaves until then."""
    it, state = pods[pod], sharing[pod]
    busy = it["busy"]
    present = busy + it["queued"]
    lacking, rate = max(0, finish - state["virtual"]), busy << FRACTION
    whole, rest = lacking // rate, lacking % rate
    if whole > FAR // present:
        return int(state["since"] + FAR)
    return int(state["since"] + whole * present + (rest * present + rate - 1) // rate)
