"""Least connections: an available backend with the fewest requests in flight, ties at random.

The request in service counts (NGINX ``least_conn``, HAProxy ``leastconn`` and IPVS ``lc`` count
active connections, not waiting ones). Breaking ties by the order of listing would send an idle
cluster's whole load to the first backend; here each of the k least is taken with probability 1/k.
Left out: weights.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.random_streams import BALANCE, uniform
from emu.registry import OptionsModel


class Options(OptionsModel):
    """Least connections has no options."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """Nothing to remember: the balancer counts."""
    return np.zeros(0, np.int64)


@kernel
def pick(
    backends: NDArray[Any], memory: NDArray[np.int64], seed: int, request: int, attempt: int
) -> int:
    """One of the backends with the least in flight, by a uniform draw among them."""
    least, ties = -1, 0
    for backend in range(len(backends)):
        if not backends["available"][backend]:
            continue
        if least < 0 or backends["in_flight"][backend] < backends["in_flight"][least]:
            least, ties = backend, 1
        elif backends["in_flight"][backend] == backends["in_flight"][least]:
            ties += 1
    if ties <= 1:
        return least
    place = int(uniform(seed, BALANCE, request, attempt) * ties)
    for backend in range(least, len(backends)):
        if (
            backends["available"][backend]
            and backends["in_flight"][backend] == backends["in_flight"][least]
        ):
            if place == 0:
                return backend
            place -= 1
    return -1
