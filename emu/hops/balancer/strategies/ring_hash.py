"""Ring hash: the client's own point of a ring, or the next that belongs to an available backend.

Points are in proportion to weights; see `emu.hops.balancer.ring`, also for the source and what
differs from Envoy's ``RING_HASH``. When one of n backends goes, its clients alone move, about 1/n
of all, to the owners of the next points. A pick takes O(log points), and a step for each point that
is passed over; nothing is drawn. Left out: keys other than the client's address, MurmurHash2, and
another backend for a retry.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.ring import RingOptions, first, ring
from emu.kernel import kernel

BY_WEIGHT = True


class Options(RingOptions):
    """The ring's size."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The ring."""
    return ring(options, backends)


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
    """The backend of the first point at or after the client's place that is available."""
    points, point = len(memory) // 2, first(memory, key)
    for _ in range(points):
        if point == points:
            point = 0
        backend = memory[points + point]
        if backends[backend]["available"] != 0:
            return int(backend)
        point += 1
    return -1
