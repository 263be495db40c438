"""Round robin: the available backends in turn, in the order in which they are listed.

One pointer a listener, as in a load balancer with a single worker; nothing is drawn. Left out:
weights, and a random start.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.registry import OptionsModel


class Options(OptionsModel):
    """Round robin has no options."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The pointer, at the first backend."""
    return np.zeros(1, np.int64)


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
    """The first available backend from the pointer on; the pointer moves behind it."""
    backend = memory[0]
    for _ in range(len(backends)):
        following = backend + 1 if backend + 1 < len(backends) else 0
        if backends["available"][backend]:
            memory[0] = following
            return int(backend)
        backend = following
    return -1
