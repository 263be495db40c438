"""The heap of requests at a Pod whose workers are shared, against Python's own."""

import heapq

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.engines.compiled.layout import JOB, NONE
from emu.engines.compiled.sharing import merged

DOINGS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=200)


@settings(deadline=None)
@given(doings=DOINGS)
def test_the_first_is_that_of_heapq(doings):
    """Whoever came and left, the least (finish, request) is first."""
    jobs, first, model = np.zeros(max(len(doings), 1), JOB), NONE, []
    for slot, (comes, finish) in enumerate(doings):
        if comes or not model:
            jobs[slot] = (finish, 1000 - slot, NONE, NONE, 0, 0)
            first = merged(jobs, first, slot)
            heapq.heappush(model, (finish, 1000 - slot, slot))
        else:
            assert first == heapq.heappop(model)[2]
            first = merged(jobs, jobs[first]["left"], jobs[first]["right"])
        assert first == (model[0][2] if model else NONE)


def test_many_in_a_row():
    """Ten thousand in order, or in the opposite order, are taken out in order."""
    for finishes in (range(10_000), range(10_000, 0, -1)):
        jobs, first, found = np.zeros(10_000, JOB), NONE, []
        for slot, finish in enumerate(finishes):
            jobs[slot] = (finish, slot, NONE, NONE, 0, 0)
            first = merged(jobs, first, slot)
        while first != NONE:
            found.append(jobs[first]["finish"])
            first = merged(jobs, jobs[first]["left"], jobs[first]["right"])
        assert found == sorted(finishes)
