"""Round robin: the endpoints in turn, from the first one on.

The cell holds the place of the next one. Each virtual server takes turns by itself, so a Service's
ClusterIP and NodePort do not share them, nor do two nodes. Source: Linux,
net/netfilter/ipvs/ip_vs_rr.c.
"""

import numpy as np
from numpy.typing import NDArray

from emu.hops.kubeproxy.servers import CELL
from emu.kernel import kernel


@kernel
def pick(
    memory: NDArray[np.int64], server: int, table: int, count: int, source: int, port: int
) -> int:
    """The endpoint whose turn it is."""
    place = memory[server + CELL]
    memory[server + CELL] = place + 1 if place + 1 < count else 0
    return int(place)
