"""Source IP hash: the client's address, as a number, modulo the weight of the available backends.

HAProxy's ``balance source`` with ``hash-type map-based``, its default. A map has a place for each
unit of weight. To fill one, each available backend scores its weight; the place goes to one with
the highest score, rounded down to multiples of the whole weight, the first of equal ones, which
pays the whole weight for it. So backends of equal weight have the places in turn, and addresses in
a row get backends in turn; nothing is drawn. The map is made anew when a backend comes or goes, in
O(weight * n) steps. When one of n equal backends goes, (n-1)/n of all addresses get another one.

Weights are whole and at most 256 in HAProxy; others are scaled so that the greatest is 256, and
rounded up. Source: HAProxy, src/lb_map.c (``recalc_server_map``), src/backend.c
(``get_server_sh``). Left out: ``hash-type consistent`` (`ring_hash` is one) and ``avalanche``,
without which addresses at equal distances share few backends.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.registry import OptionsModel

_HEAVIEST: Final = 256
_COLUMNS: Final = 3

BY_WEIGHT = True


class Options(OptionsModel):
    """Source IP hash has no options."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """How many places the map has; three numbers of each backend, column by column; the map.

    The columns are the weight, whether it is in the map, and its score while the map is made.
    """
    weights = _whole(backends["weight"])
    in_map, scores = backends["available"] != 0, np.zeros_like(weights)
    places = np.zeros(weights.sum(), np.int64)
    memory = np.concatenate([[0], weights, in_map, scores, places]).astype(np.int64)
    _renew(memory, len(backends))
    return memory


def _whole(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """The weights as whole numbers without a common divisor."""
    if (weights != np.floor(weights)).any() or weights.max(initial=0) > _HEAVIEST:
        weights = np.ceil(weights * (_HEAVIEST / weights.max()))
    whole = weights.astype(np.int64)
    return np.asarray(whole // max(1, np.gcd.reduce(whole)), np.int64)


@kernel
def _renew(memory: NDArray[np.int64], count: int) -> None:
    """Make the map anew."""
    weights, in_map = memory[1 : 1 + count], memory[1 + count : 1 + 2 * count]
    scores, places = memory[1 + 2 * count : 1 + 3 * count], memory[1 + _COLUMNS * count :]
    total = 0
    for backend in range(count):
        scores[backend] = 0
        total += weights[backend] * in_map[backend]
    memory[0] = total
    for place in range(total):
        best, highest = -1, -1
        for backend in range(count):
            if in_map[backend] != 0 and weights[backend] > 0:
                scores[backend] += weights[backend]
                score = (scores[backend] + total) // total
                if score > highest:
                    best, highest = backend, score
        places[place] = best
        scores[best] -= total


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come or gone, or has more or fewer requests, which is no matter."""
    count = len(backends)
    available = 1 if backends[backend]["available"] != 0 else 0
    if memory[1 + count + backend] != available:
        memory[1 + count + backend] = available
        _renew(memory, count)


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
    """The backend of the address's place."""
    places = memory[0]
    if places == 0:
        return -1
    return int(memory[1 + _COLUMNS * len(backends) + key % places])
