"""The heap of events against Python's own."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.engines.compiled.heap import FIELDS, RANK, SLOT, TIME, pop, push

TIMES = st.one_of(st.integers(0, 3), st.integers(0, 2**62))
RANKS = st.one_of(st.integers(2, 300), st.integers(2, 2**62))
EVENTS = st.tuples(TIMES, RANKS)
DOINGS = st.lists(
    st.tuples(st.sampled_from(["push", "push", "pop"]), EVENTS),
    unique_by=lambda doing: doing[1],
    max_size=200,
)


def first(heap):
    """The event at the root."""
    return tuple(int(heap[0, field]) for field in (TIME, RANK, SLOT))


@settings(deadline=None)
@given(doings=DOINGS)
def test_the_first_is_that_of_heapq(doings):
    """Whatever was pushed and popped, the least (time, rank) is first, with its slot."""
    heap = np.full((max(len(doings), 1), FIELDS), -1, np.int64)
    count, model = 0, []
    for slot, (doing, (time, rank)) in enumerate(doings):
        if doing == "push" or not model:
            count = push(heap, count, time, rank, slot)
            heapq.heappush(model, (time, rank, slot))
        else:
            count = pop(heap, count)
            heapq.heappop(model)
        assert count == len(model)
        assert not model or first(heap) == model[0]
    while model:
        assert first(heap) == heapq.heappop(model)
        count = pop(heap, count)
    assert count == 0


@settings(deadline=None)
@given(events=st.lists(EVENTS, unique=True, min_size=1, max_size=200))
def test_room_for_as_many_events_as_rows(events):
    """An array with a row for each event and none besides is enough."""
    heap = np.zeros((len(events), FIELDS), np.int64)
    for count, (time, rank) in enumerate(events):
        assert push(heap, count, time, rank, count) == count + 1
    taken, count = [], len(events)
    while count:
        taken.append(first(heap)[:2])
        count = pop(heap, count)
    assert taken == sorted(events)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_events_of_one_instant_go_by_rank(order):
    """The rank decides among equal times, not who came first."""
    heap = np.zeros((3, FIELDS), np.int64)
    for count, rank in enumerate(order):
        push(heap, count, 7, rank, 10 + rank)
    taken = []
    for count in (3, 2, 1):
        taken.append(first(heap))
        pop(heap, count)
    assert taken == [(7, 0, 10), (7, 1, 11), (7, 2, 12)]
