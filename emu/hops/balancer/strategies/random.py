"""Random: every available backend with the same probability, independent of all before.

Left out: weights.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.random_streams import BALANCE, uniform
from emu.registry import OptionsModel


class Options(OptionsModel):
    """Random has no options."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """Nothing to remember."""
    return np.zeros(0, np.int64)


@kernel
def pick(
    backends: NDArray[Any], memory: NDArray[np.int64], seed: int, request: int, attempt: int
) -> int:
    """The available backend at a uniformly drawn place among the available ones."""
    available = 0
    for backend in range(len(backends)):
        if backends["available"][backend]:
            available += 1
    place = int(uniform(seed, BALANCE, request, attempt) * available)
    for backend in range(len(backends)):
        if backends["available"][backend]:
            if place == 0:
                return backend
            place -= 1
    return -1
