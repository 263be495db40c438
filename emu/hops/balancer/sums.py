"""Weights, so that a backend is drawn in proportion to its own without looking at all.

The leaves of a binary tree are the weights of the backends; each node has the sum of the two below
it. A change and a draw cost O(log n).

A tree is an int64 array: its root at 1, the children of node k at 2k and 2k + 1. Source: C. K. Wong
and M. C. Easton, "An efficient method for weighted sampling without replacement", SIAM Journal on
Computing 9 (1980).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded, kernel

SCALE: Final = 1 << 20
"""What a weight of 1 counts: weights are whole numbers of millionths."""


@embedded
def units(backend: Any) -> int:
    """What a backend's weight counts, 0 while it is not available."""
    return int(backend["weight"] * SCALE + 0.5) if backend["available"] != 0 else 0


def tree(backends: NDArray[Any]) -> NDArray[np.int64]:
    """The tree of the available backends' weights."""
    leaves = 1
    while leaves < len(backends):
        leaves *= 2
    made = np.zeros(2 * leaves, np.int64)
    for backend, it in enumerate(backends):
        change(made, backend, units(it))
    return made


@kernel
def change(tree: NDArray[np.int64], backend: int, weight: int) -> None:
    """Give a backend another weight."""
    node = len(tree) // 2 + backend
    more = weight - tree[node]
    while node > 0:
        tree[node] += more
        node //= 2


@embedded
def total(tree: NDArray[np.int64]) -> int:
    """The sum of all weights."""
    return int(tree[1])


@kernel
def at(tree: NDArray[np.int64], point: int) -> int:
    """The backend in whose part this point lies, from 0 to below the total."""
    leaves, node = len(tree) // 2, 1
    while node < leaves:
        node *= 2
        if point >= tree[node]:
            point -= tree[node]
            node += 1
    return node - leaves
