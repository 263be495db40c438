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
def put(events: NDArray[np.int64], place: int, time: int, rank: int, slot: int) -> None:
    """Write an event into a row of any array of events."""
    events[place, TIME] = time
    events[place, RANK] = rank
    events[place, SLOT] = slot


@embedded
def push(heap: NDArray[np.int64], count: int, time: int, rank: int, slot: int) -> int:
    """Add an event."""
    place = count
    while place > 0:
        parent = (place - 1) >> 1
        above = heap[parent, TIME]
        if above < time or (above == time and heap[parent, RANK] < rank):
            break
        put(heap, place, above, heap[parent, RANK], heap[parent, SLOT])
        place = parent
    put(heap, place, time, rank, slot)
    return count + 1


@kernel
def pop(heap: NDArray[np.int64], count: int) -> int:
    """Take the first event away.

    The hole goes down to a leaf by the earlier of two children, without a branch to be guessed
    wrong, and the last event goes up from there: it belongs near the leaves anyway. Source:
    I. Wegener, "Bottom-up-heapsort", Theoretical Computer Science 118 (1993).
    """
    count -= 1
    place, child = 0, 1
    while child + 1 < count:
        time, other = heap[child, TIME], heap[child + 1, TIME]
        ranked = heap[child + 1, RANK] < heap[child, RANK]
        child += int((other < time) | ((other == time) & ranked))
        put(heap, place, heap[child, TIME], heap[child, RANK], heap[child, SLOT])
        place = child
        child = 2 * place + 1
    if child < count:
        put(heap, place, heap[child, TIME], heap[child, RANK], heap[child, SLOT])
        place = child
    push(heap, place, heap[count, TIME], heap[count, RANK], heap[count, SLOT])
    return count
