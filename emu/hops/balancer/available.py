"""The available backends, so that one of them is drawn without looking at all.

A set is an int64 array for n backends: how many are available; then all backends, the available
ones first; then the place of each in that order. A change costs O(1).
"""

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded, kernel


def members(available: NDArray[np.int32]) -> NDArray[np.int64]:
    """The set of those that are available, in their order."""
    order = np.argsort(available == 0, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return np.array([np.count_nonzero(available), *order, *place], np.int64)


@embedded
def count(members: NDArray[np.int64]) -> int:
    """How many are available."""
    return int(members[0])


@embedded
def member(members: NDArray[np.int64], place: int) -> int:
    """The available backend at this place, from 0."""
    return int(members[1 + place])


@kernel
def change(members: NDArray[np.int64], backend: int, available: bool) -> None:
    """Let a backend come or go; nothing happens where it is as it was."""
    size, available_before = (len(members) - 1) // 2, members[0]
    place = members[1 + size + backend]
    if available == (place < available_before):
        return
    edge = available_before if available else available_before - 1
    other = members[1 + edge]
    members[1 + edge], members[1 + place] = backend, other
    members[1 + size + backend], members[1 + size + other] = edge, place
    members[0] = available_before + 1 if available else available_before - 1
