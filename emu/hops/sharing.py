"""Workers that share: their cores with all requests at a Pod, or a CPU quota with one another.

Under processor sharing all requests at a Pod are in service at once, its workers divided evenly:
with n requests and c workers each advances at the rate min(1, c / n). Where a Pod's CPU is limited,
those in service advance while there is quota (see `emu.hops.quota`), and stand still while there is
none. *Virtual time* is the service that a request would have had that was there since the Pod was
last idle: it passes at that rate, so a request that begins at virtual time v with a service time s
is done when virtual time reaches v + s, whoever comes and goes meanwhile. Of the requests in
service, the one with the least such finish is done first, of equal ones the one with the lowest
number. Source: L. Kleinrock, "Queueing Systems", volume 2 (1976), section 4.4; virtual time as in
A. Demers, S. Keshav, S. Shenker, "Analysis and simulation of a fair queueing algorithm",
SIGCOMM'89.

Who comes slows the others or uses up their quota, so it puts ends off; and who leaves is the first
to be done. So the end of the first is never before it would be if nobody came.

Virtual time is int64, in units of 2^-7 ns, and is rounded down when a request comes or leaves: see
``docs/decisions/virtual-time-in-whole-units.md``. A request is done at the first whole nanosecond
at which its finish is reached.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.hops.quota import FAR, end_of, left_of, ran, wait
from emu.kernel import embedded, kernel

CORES: Final = 1
"""In ``shared`` of a Pod: its requests share its workers."""
QUOTA: Final = 2
"""In ``shared`` of a Pod: its workers share a quota."""

SHARING = np.dtype(
    [
        ("virtual", "i8"),
        ("since", "i8"),
        ("counted_from", "i8"),
        ("busy_ns", "i8"),
        ("quota", "i8"),
        ("left", "i8"),
        ("period_end", "i8"),
        ("throttled_ns", "i8"),
    ],
)
"""Of a Pod whose workers share, a cache line: virtual time as it was at the time ``since``, and the
time its workers ran between ``counted_from`` and then, all workers together; its quota a period (0:
it has none), what was left of that, when the period under way ends, and for how long workers stood
still for want of quota, all together and from the beginning. Times in nanoseconds."""

FRACTION: Final = 7
"""Bits behind the point of virtual time."""


def idle(pods: int, counted_from: int) -> NDArray[Any]:
    """The state of so many Pods at first; their busy time counts from a time on."""
    state = np.zeros(pods, SHARING)
    state["counted_from"] = counted_from
    return state


def limit(state: NDArray[Any], quotas: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
    """Give each Pod a quota, and its first period an end, in nanoseconds."""
    state["quota"] = state["left"] = quotas
    state["period_end"] = ends


@embedded
def in_service(pods: NDArray[Any], pod: int) -> int:
    """How many requests at the Pod are in service."""
    it = pods[pod]
    return int(it["busy"] + (it["queued"] if it["shared"] & CORES else 0))


@embedded
def pass_time(pods: NDArray[Any], sharing: NDArray[Any], pod: int, now: int) -> None:
    """Let the Pod's time pass until now, before somebody comes or leaves."""
    state = sharing[pod]
    busy, served = pods[pod]["busy"], in_service(pods, pod)
    counted = max(state["since"], min(now, state["counted_from"]))
    running, uncounted = _ran(sharing, pod, busy, now), _ran(sharing, pod, busy, counted)
    if state["quota"]:
        _use(sharing, pod, busy, now)
    since, state["since"] = state["since"], now
    if served == 0:
        state["virtual"] = 0
        return
    whole, rest = running // served, running % served
    rate = busy << FRACTION
    state["virtual"] += whole * rate + rest * rate // served
    state["busy_ns"] += busy * (running - uncounted)
    state["throttled_ns"] += busy * (now - since - running)


@embedded
def _ran(sharing: NDArray[Any], pod: int, busy: int, now: int) -> int:
    """For how long its busy workers ran since its time last passed."""
    state = sharing[pod]
    since = state["since"]
    if state["quota"] == 0 or busy == 0:
        return int(now - since)
    return int(ran(state["quota"], state["left"], since, state["period_end"], busy, now))


@kernel
def _use(sharing: NDArray[Any], pod: int, busy: int, now: int) -> None:
    """Use up quota, and begin new periods."""
    state = sharing[pod]
    state["left"] = left_of(
        state["quota"], state["left"], state["since"], state["period_end"], busy, now
    )
    state["period_end"] = end_of(state["period_end"], now)


@embedded
def throttled(pods: NDArray[Any], sharing: NDArray[Any], pod: int, now: int) -> int:
    """For how long its workers stood still for want of quota until now, all together."""
    state, busy = sharing[pod], pods[pod]["busy"]
    still = now - state["since"] - _ran(sharing, pod, busy, now)
    return int(state["throttled_ns"] + busy * still)


@embedded
def finish_of(sharing: NDArray[Any], pod: int, service: int) -> int:
    """The virtual time at which a request is done that begins now, by its service time."""
    return int(sharing[pod]["virtual"] + (service << FRACTION))


@embedded
def completion(pods: NDArray[Any], sharing: NDArray[Any], pod: int, finish: int) -> int:
    """When virtual time reaches ``finish``, if nobody comes or leaves until then."""
    state = sharing[pod]
    busy, served = pods[pod]["busy"], in_service(pods, pod)
    lacking, rate = max(0, finish - state["virtual"]), busy << FRACTION
    whole, rest = lacking // rate, lacking % rate
    if whole > FAR // served:
        return int(state["since"] + FAR)
    running = whole * served + (rest * served + rate - 1) // rate
    if state["quota"] == 0 or running == 0:
        return int(state["since"] + running)
    return int(
        state["since"]
        + wait(state["quota"], state["left"], state["since"], state["period_end"], busy, running)
    )
