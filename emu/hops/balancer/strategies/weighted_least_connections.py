"""Weighted least connections: an available backend with the fewest requests in flight for its
weight, ties at random.

It minimises in_flight / weight, the request in service counted. Idle backends tie whatever they
weigh, so weights matter as far as there is load. Sources: IPVS ``wlc``; HAProxy ``leastconn``.
NGINX's ``least_conn`` breaks ties by weighted round robin instead.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.least import OUT, change, drawn, tree
from emu.hops.balancer.sums import SCALE, units
from emu.kernel import kernel
from emu.registry import OptionsModel

FOLLOWS_WEIGHTS = True
BY_WEIGHT = True


class Options(OptionsModel):
    """Weighted least connections has no options: weights are the load balancer's."""


@kernel
def _value(it: Any) -> int:
    """Requests in flight for the weight, in millionths."""
    weight = units(it)
    return OUT if weight == 0 else int(it["in_flight"] * SCALE / weight * SCALE)


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The backends by their requests in flight for their weight."""
    return tree(np.array([_value(it) for it in backends], np.int64))


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has more or fewer requests in flight, or has come or gone."""
    change(memory, backend, _value(backends[backend]))


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
    """One of the backends with the least for its weight, by a uniform draw among them."""
    return drawn(memory, seed, request, attempt)
