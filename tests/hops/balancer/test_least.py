"""The tournament against a plain search."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.balancer.least import OUT, change, one_of, ties, tree

VALUES = st.one_of(st.integers(0, 3), st.just(OUT))


@settings(deadline=None)
@given(
    values=st.lists(VALUES, min_size=1, max_size=20),
    changes=st.lists(st.tuples(st.integers(0, 19), VALUES), max_size=40),
)
def test_the_least_are_found_in_their_order(values, changes):
    """After any changes the backends with the least value are named, each at its place."""
    made = tree(np.array(values))
    for backend, value in changes:
        values[backend % len(values)] = value
        change(made, backend % len(values), value)
    wanted = [i for i, value in enumerate(values) if value == min(values) < OUT]
    assert ties(made) == len(wanted)
    assert [one_of(made, place) for place in range(len(wanted))] == wanted


def test_a_change_looks_at_few_backends():
    """Among 1,024 backends a change is one of a leaf and of the ten nodes above it."""
    made = tree(np.zeros(2**10, np.int64))
    assert len(made) == 4 * 2**10
    before = made.copy()
    change(made, 77, 5)
    assert np.count_nonzero(made != before) <= 2 * 11
