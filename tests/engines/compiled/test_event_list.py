"""The future event list against Python's heap."""

import heapq

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.engines.compiled import event_list
from emu.engines.compiled.event_list import EMPTY, HEAP, add, earliest, later, remove
from emu.engines.compiled.heap import RANK, SLOT, TIME
from emu.events import Kind, priority

ROOM = 256
DOINGS = st.lists(
    st.one_of(st.none(), st.tuples(st.sampled_from(Kind), st.integers(0, 9), st.integers(0, 30))),
    max_size=ROOM,
)


class Both:
    """An event list and Python's own heap that are given the same events."""

    def __init__(self, room=ROOM):
        self.events, self.model, self.slot = event_list.empty(room), [], 0

    def add(self, kind, time, request):
        """Schedule an event, unless the same one waits already."""
        rank = priority(int(kind), request)
        if any(event[:2] == (time, rank) for event in self.model):
            return
        add(self.events, int(kind), time, rank, self.slot)
        heapq.heappush(self.model, (time, rank, self.slot))
        self.slot += 1

    def take(self):
        """Take the first event of both; it is the same."""
        place = earliest(self.events)
        first = self.events.firsts[place]
        if not self.model:
            assert first[TIME] == EMPTY
            return None
        assert heapq.heappop(self.model) == tuple(first[[TIME, RANK, SLOT]])
        remove(self.events, place)
        return place


@settings(deadline=None)
@given(doings=DOINGS)
def test_the_earliest_is_that_of_heapq(doings):
    """Whatever is scheduled and taken, the least (time, rank) comes first, whichever its kind."""
    both = Both()
    for doing in doings:
        if doing is None:
            both.take()
        else:
            both.add(*doing)
    while both.model:
        both.take()
    both.take()


def test_what_comes_in_order_stays_out_of_the_heap():
    """Only an event before the last of its kind is in the heap."""
    both = Both()
    for time in (1, 2, 2, 5, 4, 6):
        both.add(Kind.POD_REQUEST, time, both.slot)
        both.add(Kind.NODE_SYN, time + 10, both.slot)
    places = [both.take() for _ in range(12)]
    assert places.count(HEAP) == 2
    assert places.count(Kind.POD_REQUEST) == places.count(Kind.NODE_SYN) == 5


def test_growing_keeps_all_events_and_their_order():
    """More room changes nothing, wherever in its ring a queue begins."""
    both, random = Both(room=16), np.random.default_rng(3)
    for time in range(20):
        both.add(Kind.ANSWER, time, time)
        both.take()
    for request in range(15):
        both.add(Kind(request % 6), 100 + int(random.integers(50)), request)
    both.events = event_list.enlarged(both.events, 1000)
    for request in range(15, 600):
        both.add(Kind(request % 6), 100 + int(random.integers(5000)), request)
    while both.model:
        both.take()


def test_there_is_never_less_room_than_before():
    """Asked for less, it stays as it is: events may be anywhere in it."""
    before = event_list.empty(1000)
    after = event_list.enlarged(before, 10)
    assert len(after.heap) == len(before.heap)
    assert after.queues.shape == before.queues.shape


def test_later_names_the_slots_behind_the_first():
    """In a queue those that follow; in the heap the next is at step 1 or 2."""
    both = Both()
    for time in (10, 20, 30, 9, 7, 8):
        both.add(Kind.LB_REQUEST, time, both.slot)
    assert [later(both.events, int(Kind.LB_REQUEST), step) for step in (1, 2)] == [1, 2]
    assert both.events.firsts[HEAP][SLOT] == 4
    assert 5 in [later(both.events, HEAP, step) for step in (1, 2)]
