"""Least request, in Envoy's manner: by the weights, one of two rules.

- Where all weights are equal: of some available backends drawn at random, with replacement, the
  one with the fewest requests in flight; of equals, the one drawn first.
- Where they are not: earliest deadline first. A backend that is picked gets a new deadline, later
  by (in_flight + 1)^bias / weight, so its share is as its weight / (in_flight + 1)^bias. A pick
  costs O(n) here.

Source: Envoy, source/extensions/load_balancing_policies/least_request. Left out: its slow start,
the random start of the schedule, and the choice of a full scan.
"""

from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.hops.balancer.available import change, count, members
from emu.hops.balancer.choices import MOST, with_replacement
from emu.hops.balancer.sums import SCALE
from emu.kernel import embedded, kernel
from emu.registry import OptionsModel

_CHOICES: Final = 0
_BIAS: Final = 1
_EQUAL: Final = 2
_TIME: Final = 3
_DEADLINES: Final = 4
_LATEST: Final = 2**62

FOLLOWS_WEIGHTS = True
BY_WEIGHT = True


class Options(OptionsModel):
    """Envoy's LeastRequestLbConfig."""

    choice_count: Annotated[int, Field(ge=2, le=MOST)] = 2
    """How many are drawn, where all weights are equal."""
    active_request_bias: Annotated[float, Field(ge=0, le=100)] = 1.0
    """How much requests in flight count against the weight, where weights are not equal."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The options, whether weights are equal, the time and deadlines, the weights (as bits) that
    these go by; which are available."""
    weights = backends["weight"]
    head = [
        options.choice_count,
        int(options.active_request_bias * SCALE + 0.5),
        int((weights == weights[:1]).all()),
        0,
    ]
    deadlines = [_first_deadline(weight) for weight in weights]
    bits = np.ascontiguousarray(weights).view(np.int64)
    return np.array([*head, *deadlines, *bits, *members(backends["available"])], np.int64)


@embedded
def _first_deadline(weight: float) -> int:
    """That of an idle backend when the schedule begins, from then on."""
    return int(SCALE / weight) if weight > 0 else _LATEST


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come or gone, or weighs something else; requests are no matter."""
    count = len(backends)
    places = memory[_DEADLINES + 2 * count :]
    change(places, backend, backends[backend]["available"] != 0)
    weights = memory[_DEADLINES + count : _DEADLINES + 2 * count].view(np.float64)
    if weights[backend] != backends[backend]["weight"]:
        weights[backend] = backends[backend]["weight"]
        _reschedule(weights, memory)


@kernel
def _reschedule(weights: NDArray[np.float64], memory: NDArray[np.int64]) -> None:
    """Weights are equal now, or no longer, when the schedule begins anew."""
    before, equal = memory[_EQUAL], 1
    for weight in weights:
        if weight != weights[0]:
            equal = 0
    memory[_EQUAL] = equal
    if before != 0 and equal == 0:
        for backend in range(len(weights)):
            memory[_DEADLINES + backend] = min(
                memory[_TIME] + _first_deadline(weights[backend]), _LATEST
            )


@kernel
def _least_of_drawn(
    backends: NDArray[Any], memory: NDArray[np.int64], seed: int, request: int, attempt: int
) -> int:
    places, found = memory[_DEADLINES + 2 * len(backends) :], -1
    if count(places) == 0:
        return -1
    for k in range(memory[_CHOICES]):
        drawn = with_replacement(places, k, seed, request, attempt)
        if found < 0 or backends[drawn]["in_flight"] < backends[found]["in_flight"]:
            found = drawn
    return found


@embedded
def _turn(it: Any, bias: int) -> int:
    """How much later its next deadline is."""
    return int(min((it["in_flight"] + 1.0) ** (bias / SCALE) / it["weight"] * SCALE, 2.0**50))


@kernel
def _first_due(backends: NDArray[Any], memory: NDArray[np.int64]) -> int:
    found, earliest = -1, _LATEST
    for backend in range(len(backends)):
        deadline = max(memory[_DEADLINES + backend], memory[_TIME])
        if backends[backend]["available"] != 0 and deadline < earliest:
            found, earliest = backend, deadline
    if found >= 0:
        memory[_TIME] = earliest
        memory[_DEADLINES + found] = earliest + _turn(backends[found], memory[_BIAS])
    return found


@kernel
def pick(
    backends: NDArray[Any],
    memory: NDArray[np.int64],
    now: int,
    key: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """By the rule for these weights."""
    if memory[_EQUAL] != 0:
        return _least_of_drawn(backends, memory, seed, request, attempt)
    return _first_due(backends, memory)
