"""A binary heap of events in one int64 array, ordered by time, then by rank.

An event is a row (time, rank, slot): the rank is `emu.events.priority`, unique among the events of
one instant, so the order is total; the slot says whose event it is. The functions take and return
the number of events.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded, kernel

TIME: Final = 0
RANK: Final = 1
SLOT: Final = 2
FIELDS: Final = 3


@embedded
def push(heap: NDArray[np.int64], count: int, time: int, rank: int, slot: int) -> int:
    """Add an event."""
    place = count
    while place > 0:
        parent = (place - 1) >> 1
        above = heap[parent, TIME]
        if above < time or (above == time and heap[parent, RANK] < rank):
            break
        heap[place, TIME] = above
        heap[place, RANK] = heap[parent, RANK]
        heap[place, SLOT] = heap[parent, SLOT]
        place = parent
    heap[place, TIME] = time
    heap[place, RANK] = rank
    heap[place, SLOT] = slot
    return count + 1


@kernel
def pop(heap: NDArray[np.int64], count: int) -> int:
    """Take the first event away."""
    count -= 1
    time, rank, slot = heap[count, TIME], heap[count, RANK], heap[count, SLOT]
    place = 0
    child = 1
    while child < count:
        below = heap[child, TIME]
        other = child + 1
        if other < count:
            beside = heap[other, TIME]
            if beside < below or (beside == below and heap[other, RANK] < heap[child, RANK]):
                child, below = other, beside
        if time < below or (time == below and rank < heap[child, RANK]):
            break
        heap[place, TIME] = below
        heap[place, RANK] = heap[child, RANK]
        heap[place, SLOT] = heap[child, SLOT]
        place = child
        child = 2 * place + 1
    heap[place, TIME] = time
    heap[place, RANK] = rank
    heap[place, SLOT] = slot
    return count
