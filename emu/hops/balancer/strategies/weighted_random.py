"""Weighted random: an available backend with a probability in proportion to its weight.

p_i = w_i / (w_1 + ... + w_n) over the available ones, independent of all before. Source: HAProxy,
``balance random(1)``; NGINX, ``random``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.sums import at, change, total, tree, units
from emu.kernel import kernel
from emu.random_streams import BALANCE, uniform
from emu.registry import OptionsModel

FOLLOWS_WEIGHTS = True
BY_WEIGHT = True


class Options(OptionsModel):
    """Weighted random has no options."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The sums of the weights."""
    return tree(backends)


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come or gone, or has more or fewer requests, which is no matter."""
    change(memory, backend, units(backends[backend]))


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
    """The backend in whose part of the sum a uniformly drawn point lies."""
    weights = total(memory)
    if weights == 0:
        return -1
    return at(memory, int(uniform(seed, BALANCE, request, attempt) * weights))
