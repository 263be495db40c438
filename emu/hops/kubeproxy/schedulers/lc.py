"""Least connections: the first endpoint with the least 256 * active + inactive.

So where all are idle, inactive connections decide, and the first endpoint begins. Source: Linux,
net/netfilter/ipvs/ip_vs_lc.c; include/net/ip_vs.h (``ip_vs_dest_conn_overhead``).
"""

import numpy as np
from numpy.typing import NDArray

from emu.hops.kubeproxy.servers import active, inactive
from emu.kernel import kernel


@kernel
def pick(
    memory: NDArray[np.int64], server: int, table: int, count: int, source: int, port: int
) -> int:
    """The endpoint with the least overhead, the first of several."""
    least, best = 256 * active(memory, server, 0) + inactive(memory, server, 0), 0
    for endpoint in range(1, count):
        overhead = 256 * active(memory, server, endpoint) + inactive(memory, server, endpoint)
        if overhead < least:
            least, best = overhead, endpoint
    return best
