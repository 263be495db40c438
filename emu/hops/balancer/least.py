"""The backends with the least value, kept in order by a tournament.

The leaves of a binary tree are the backends; each node has the least value below it, and how many
backends have it. So a change costs O(log n), and one of those with the least is drawn in O(log n),
in the order in which they are listed.

A tree is an int64 array: node k, from 1 at the root, has its value at 2k and the count at 2k + 1.
Source: D. E. Knuth, The Art of Computer Programming, volume 3, section 5.2.3 (tree selection).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded, kernel
from emu.random_streams import BALANCE, uniform

OUT: Final = 2**62
"""The value of a backend that may not be picked."""


def tree(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The tree of backends with these values."""
    leaves = 1
    while leaves < len(values):
        leaves *= 2
    made = np.zeros(4 * leaves, np.int64)
    made[::2] = OUT
    for backend, value in enumerate(values):
        change(made, backend, value)
    return made


@kernel
def change(tree: NDArray[np.int64], backend: int, value: int) -> None:
    """Give a backend another value."""
    node = len(tree) // 4 + backend
    tree[2 * node] = value
    tree[2 * node + 1] = 1 if value < OUT else 0
    while node > 1:
        left = node - (node & 1)
        right = left + 1
        node //= 2
        least, ties = tree[2 * left], tree[2 * left + 1]
        if tree[2 * right] < least:
            least, ties = tree[2 * right], tree[2 * right + 1]
        elif tree[2 * right] == least:
            ties += tree[2 * right + 1]
        if tree[2 * node] == least and tree[2 * node + 1] == ties:
            return
        tree[2 * node] = least
        tree[2 * node + 1] = ties


@embedded
def ties(tree: NDArray[np.int64]) -> int:
    """How many backends have the least value, 0 where none may be picked."""
    return int(tree[3])


@kernel
def one_of(tree: NDArray[np.int64], place: int) -> int:
    """The backend at this place, from 0, among those with the least value."""
    leaves, node = len(tree) // 4, 1
    least = tree[2]
    while node < leaves:
        node *= 2
        here = tree[2 * node + 1] if tree[2 * node] == least else 0
        if place >= here:
            place -= here
            node += 1
    return node - leaves


@embedded
def drawn(tree: NDArray[np.int64], seed: int, request: int, attempt: int) -> int:
    """One of the backends with the least value, each with the same probability; -1 where none may
    be picked. Where one is alone, nothing is drawn."""
    tied = ties(tree)
    if tied == 0:
        return -1
    return one_of(tree, int(uniform(seed, BALANCE, request, attempt) * tied) if tied > 1 else 0)
