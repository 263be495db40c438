"""Random: every available backend with the same probability, independent of all before.

Left out: weights.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.available import change, members
from emu.hops.balancer.choices import with_replacement
from emu.kernel import kernel
from emu.registry import OptionsModel


class Options(OptionsModel):
    """Random has no options."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """Which backends are available."""
    return members(backends["available"])


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come or gone, or has more or fewer requests, which is no matter."""
    change(memory, backend, backends[backend]["available"] != 0)


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
    """The available backend at a uniformly drawn place among the available ones."""
    return with_replacement(memory, 0, seed, request, attempt)
