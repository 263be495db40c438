"""The state of a virtual server of IPVS, as the caller keeps it and schedulers read it.

It lies in an array of all servers, from the place ``server`` on: the number of its scheduler, a
cell of the scheduler's own, then the active and the inactive connections of each endpoint.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded

SCHEDULER: Final = 0
CELL: Final = 1
LOADS: Final = 2


@embedded
def active(memory: NDArray[np.int64], server: int, endpoint: int) -> int:
    """How many open connections the endpoint has."""
    return int(memory[server + LOADS + 2 * endpoint])


@embedded
def inactive(memory: NDArray[np.int64], server: int, endpoint: int) -> int:
    """How many connections of the endpoint are over, but still have an entry."""
    return int(memory[server + LOADS + 2 * endpoint + 1])
