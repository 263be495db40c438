"""Destination hashing: a virtual server gives everything to one endpoint, by its own address.

It is meant for caches in front of many destinations. The table is that one place. Source: Linux,
net/netfilter/ipvs/ip_vs_dh.c.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.buckets import bucket, folded
from emu.kernel import kernel


def table(endpoints: Sequence[Endpoint], destination: str) -> NDArray[np.int64]:
    """The place of the endpoint of the bucket that the destination falls into."""
    return np.array([bucket(folded(destination)) % len(endpoints)], np.int64)


@kernel
def pick(
    memory: NDArray[np.int64], server: int, table: int, count: int, source: int, port: int
) -> int:
    """The endpoint in the table."""
    return int(memory[table])
