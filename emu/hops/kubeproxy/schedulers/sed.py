"""Shortest expected delay: the first endpoint with the least (active + 1) / weight.

The connection to come counts, those that are over do not. With every weight 1 it is the endpoint
with the fewest active connections. Source: Linux, net/netfilter/ipvs/ip_vs_sed.c.
"""

import numpy as np
from numpy.typing import NDArray

from emu.hops.kubeproxy.servers import active
from emu.kernel import kernel


@kernel
def pick(
    memory: NDArray[np.int64], server: int, table: int, count: int, source: int, port: int
) -> int:
    """The endpoint with the fewest active connections, the first of several."""
    least, best = active(memory, server, 0), 0
    for endpoint in range(1, count):
        if active(memory, server, endpoint) < least:
            least, best = active(memory, server, endpoint), endpoint
    return best
