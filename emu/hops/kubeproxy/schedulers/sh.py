"""Source hashing: a sender keeps its endpoint, whatever its port.

Left out: ``sh-port``, by which the port counts, and ``sh-fallback``; kube-proxy sets neither.
Source: Linux, net/netfilter/ipvs/ip_vs_sh.c.
"""

import numpy as np
from numpy.typing import NDArray

from emu.hops.kubeproxy.buckets import bucket
from emu.kernel import kernel


@kernel
def pick(
    memory: NDArray[np.int64], server: int, table: int, count: int, source: int, port: int
) -> int:
    """The endpoint of the bucket that the source falls into."""
    return bucket(source) % count
