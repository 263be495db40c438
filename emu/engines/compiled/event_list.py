"""The future event list: a queue for each kind of event, and a heap for what comes out of order.

Where a delay is constant, events of a kind are scheduled in the order in which they happen, and a
queue holds them at a cost that does not grow with their number. An event that would happen before
the last in its kind's queue goes to the heap instead. The earliest of all is the first of a queue
or of the heap: ``firsts`` has these few side by side.

An event is (time, rank, slot): the rank is `emu.events.priority`, unique among the events of one
instant, so the order is total; the slot says whose event it is.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.engines.compiled.heap import FIELDS, RANK, SLOT, TIME, pop, push, put
from emu.events import Kind
from emu.kernel import by_reference, embedded

_QUEUES: Final = len(Kind)
HEAP: Final = _QUEUES
_BEGIN: Final = 0
_END: Final = 1
_MOST_STEPS: Final = 6
EMPTY: Final = 2**63 - 1
"""The time of the first event where there is none."""


@by_reference
class EventList(NamedTuple):
    """``heap`` (capacity, 3); ``queues`` (kinds, capacity, 3), rings, the capacity a power of two;
    ``bounds`` (kinds + 1, 2): where each begins and ends; ``firsts`` (kinds + 1, 3) the first event
    of each queue and of the heap. All int64."""

    heap: NDArray[np.int64]
    queues: NDArray[np.int64]
    bounds: NDArray[np.int64]
    firsts: NDArray[np.int64]


def empty(events: int) -> EventList:
    """A list without events and with room for so many."""
    capacity = 1 << max(events, _MOST_STEPS).bit_length()
    return EventList(
        np.zeros((capacity, FIELDS), np.int64),
        np.zeros((_QUEUES, capacity, FIELDS), np.int64),
        np.zeros((_QUEUES + 1, 2), np.int64),
        np.full((_QUEUES + 1, FIELDS), EMPTY, np.int64),
    )


def enlarged(old: EventList, events: int) -> EventList:
    """The same events with room for so many: the same list, if it has that."""
    if events < len(old.heap):
        return old
    new = empty(events)
    new.heap[: len(old.heap)] = old.heap
    new.bounds[:], new.firsts[:] = old.bounds, old.firsts
    for kind in range(_QUEUES):
        places = np.arange(old.bounds[kind, _BEGIN], old.bounds[kind, _END])
        new.queues[kind, places & (new.queues.shape[1] - 1)] = old.queues[
            kind, places & (old.queues.shape[1] - 1)
        ]
    return new


@embedded
def earliest(events: EventList) -> int:
    """Which queue, or the heap, has the earliest event."""
    found, firsts = 0, events.firsts
    for place in range(1, _QUEUES + 1):
        time, least = firsts[place, TIME], firsts[found, TIME]
        if time < least or (time == least and firsts[place, RANK] < firsts[found, RANK]):
            found = place
    return found


@embedded
def remove(events: EventList, place: int) -> None:
    """Take away the first event of a queue or of the heap."""
    heap, queues, bounds, firsts = events
    if place == HEAP:
        bounds[HEAP, _END] = count = pop(heap, bounds[HEAP, _END])
        if count > 0:
            put(firsts, HEAP, heap[0, TIME], heap[0, RANK], heap[0, SLOT])
        else:
            firsts[HEAP, TIME] = EMPTY
        return
    bounds[place, _BEGIN] = begin = bounds[place, _BEGIN] + 1
    if begin == bounds[place, _END]:
        firsts[place, TIME] = EMPTY
        return
    first = queues[place, begin & (queues.shape[1] - 1)]
    put(firsts, place, first[TIME], first[RANK], first[SLOT])


@embedded
def add(events: EventList, kind: int, time: int, rank: int, slot: int) -> None:
    """Schedule an event."""
    heap, queues, bounds, firsts = events
    mask = queues.shape[1] - 1
    end = bounds[kind, _END]
    if bounds[kind, _BEGIN] == end:
        put(firsts, kind, time, rank, slot)
    else:
        last = queues[kind, (end - 1) & mask]
        if time < last[TIME] or (time == last[TIME] and rank < last[RANK]):
            bounds[HEAP, _END] = push(heap, bounds[HEAP, _END], time, rank, slot)
            put(firsts, HEAP, heap[0, TIME], heap[0, RANK], heap[0, SLOT])
            return
    put(queues[kind], end & mask, time, rank, slot)
    bounds[kind, _END] = end + 1


@embedded
def later(events: EventList, place: int, step: int) -> int:
    """The slot of an event that comes soon after the first there; any at all if there is none.

    From a queue it is that so many steps behind the first. In the heap the next is at step 1 or 2,
    and the one after it at one of the steps up to 6.
    """
    if place == HEAP:
        return int(events.heap[step, SLOT])
    queue = events.queues[place]
    return int(queue[(events.bounds[place, _BEGIN] + step) & (len(queue) - 1), SLOT])
