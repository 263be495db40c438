"""Weighted round robin, smooth: in turn, each as often as its weight, spread as evenly as can be.

Before each pick every available backend gains its weight; the one that has most is picked, the
first listed among equals, and loses what all gained. Weights 5, 1, 1 give a a b a c a a. A pick
costs O(n), as it does in the original. Source: NGINX, ngx_http_upstream_round_robin.c. Left out:
its lower weight after failures (``effective_weight``).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.sums import units
from emu.kernel import kernel
from emu.registry import OptionsModel

FOLLOWS_WEIGHTS = True
BY_WEIGHT = True


class Options(OptionsModel):
    """Weighted round robin has no options: weights are the load balancer's."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """What each backend has gained."""
    return np.zeros(len(backends), np.int64)


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
    """The available backend that has gained most."""
    found, gained = -1, 0
    for backend in range(len(backends)):
        weight = units(backends[backend])
        if weight == 0:
            continue
        memory[backend] += weight
        gained += weight
        if found < 0 or memory[backend] > memory[found]:
            found = backend
    if found >= 0:
        memory[found] -= gained
    return found
