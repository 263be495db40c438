"""Least response time: the available backend with the least r (in_flight + 1), ties at random.

r is an exponentially weighted mean of response times, r <- r + a (x - r) with each answer, failures
included, which count with the time that they took: a backend that refuses at once draws requests,
as it does in practice where health checks do not see it. Source: NGINX Plus, ``least_time``; its
smoothing is not published, so a is an option here. Left out: weights.
"""

from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.hops.balancer.least import OUT, change, drawn, tree
from emu.hops.balancer.sums import SCALE
from emu.kernel import kernel
from emu.quantities import Duration
from emu.registry import OptionsModel

_SMOOTHING: Final = 0
_MEANS: Final = 1
_MOST: Final = OUT - 1


class Options(OptionsModel):
    """How fast the mean follows, and what is expected at first."""

    smoothing: Annotated[float, Field(gt=0, le=1)] = 0.1
    """The share of the latest answer in the mean, a."""
    default_response_time: Annotated[Duration, Field(gt=0)] = 30_000_000
    """The response time that is expected of a backend before its first answer."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The smoothing, the mean of each backend, and the backends by their costs."""
    means = [options.default_response_time] * len(backends)
    costs = [_cost(it, mean) for it, mean in zip(backends, means, strict=True)]
    smoothing = int(options.smoothing * SCALE + 0.5)
    return np.array([smoothing, *means, *tree(np.array(costs, np.int64))], np.int64)


@kernel
def _cost(it: Any, mean: int) -> int:
    return min(mean * (it["in_flight"] + 1), _MOST) if it["available"] != 0 else OUT


@kernel
def answered(
    backends: NDArray[Any], memory: NDArray[np.int64], backend: int, now: int, latency: int
) -> None:
    """The mean goes towards the latest response time."""
    mean = memory[_MEANS + backend]
    memory[_MEANS + backend] = mean + int(memory[_SMOOTHING] * (float(latency) - mean) / SCALE)


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has more or fewer requests in flight, another mean, or has come or gone."""
    costs = memory[_MEANS + len(backends) :]
    change(costs, backend, _cost(backends[backend], memory[_MEANS + backend]))


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
    """One of the cheapest, by a uniform draw among them."""
    return drawn(memory[_MEANS + len(backends) :], seed, request, attempt)
