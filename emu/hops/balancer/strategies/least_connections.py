"""Least connections: an available backend with the fewest requests in flight, ties at random.

The request in service counts (NGINX ``least_conn``, HAProxy ``leastconn`` and IPVS ``lc`` count
active connections, not waiting ones). Breaking ties by the order of listing would send an idle
cluster's whole load to the first backend; here each of the k least is taken with probability 1/k.
Left out: weights.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.least import OUT, change, drawn, tree
from emu.kernel import kernel
from emu.registry import OptionsModel


class Options(OptionsModel):
    """Least connections has no options."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The backends by their requests in flight."""
    return tree(np.where(backends["available"] != 0, backends["in_flight"], OUT))


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has more or fewer requests in flight, or has come or gone."""
    it = backends[backend]
    change(memory, backend, it["in_flight"] if it["available"] != 0 else OUT)


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
    """One of the backends with the least in flight, by a uniform draw among them."""
    return drawn(memory, seed, request, attempt)
