"""Peak EWMA: of two available backends drawn at random, the one with the lesser expected wait.

The cost is r (in_flight + 1). r follows response times: a longer one at once, shorter ones by an
exponentially weighted mean, r <- r w + x (1 - w) with w = exp(-t / decay), t since the last answer;
and it falls by the same w while no answer comes, so that a backend that was slow is tried again.
Failures count with the time that they took. Sources: Finagle, Balancers.p2cPeakEwma; tower and
linkerd, whose decay of 10 s and first r of 30 ms are the defaults. Left out: weights.
"""

import math
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.hops.balancer.available import change, count, members
from emu.hops.balancer.choices import another
from emu.kernel import embedded, kernel
from emu.quantities import Duration
from emu.registry import OptionsModel

_DRAWN: Final = 2
_DECAY: Final = 2
_COSTS: Final = 3


class Options(OptionsModel):
    """How fast response times are forgotten, and what is expected at first."""

    decay: Annotated[Duration, Field(gt=0)] = 10_000_000_000
    """After so long an answer counts for 1/e."""
    default_response_time: Annotated[Duration, Field(gt=0)] = 30_000_000
    """The response time that is expected of a backend before its first answer."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The places drawn, the decay; r of each backend and since when; which are available."""
    costs = [options.default_response_time, 0] * len(backends)
    return np.array(
        [*[0] * _DRAWN, options.decay, *costs, *members(backends["available"])], np.int64
    )


@embedded
def _kept(memory: NDArray[np.int64], place: int, now: int) -> float:
    """Which share of r is left."""
    return math.exp(-float(now - memory[place + 1]) / memory[_DECAY])


@kernel
def answered(
    backends: NDArray[Any], memory: NDArray[np.int64], backend: int, now: int, latency: int
) -> None:
    """r jumps to a longer response time, and goes towards a shorter one."""
    place = _COSTS + 2 * backend
    share = _kept(memory, place, now)
    shorter = int(memory[place] * share + latency * (1.0 - share) + 0.5)
    memory[place], memory[place + 1] = max(latency, shorter), now


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come or gone, or has more or fewer requests, which is no matter."""
    places = memory[_COSTS + 2 * len(backends) :]
    change(places, backend, backends[backend]["available"] != 0)


@embedded
def _cost(backends: NDArray[Any], memory: NDArray[np.int64], backend: int, now: int) -> float:
    place = _COSTS + 2 * backend
    return float(memory[place] * _kept(memory, place, now) * (backends[backend]["in_flight"] + 1))


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
    """The cheaper of two different ones; of equals, the one drawn first."""
    places = memory[_COSTS + 2 * len(backends) :]
    if count(places) == 0:
        return -1
    first = another(places, memory, 0, seed, request, attempt)
    if count(places) == 1:
        return first
    second = another(places, memory, 1, seed, request, attempt)
    cheaper = _cost(backends, memory, second, now) < _cost(backends, memory, first, now)
    return second if cheaper else first
