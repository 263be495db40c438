"""The set of available backends against a plain one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.balancer.available import change, count, member, members


@settings(deadline=None)
@given(
    available=st.lists(st.booleans(), min_size=1, max_size=12),
    changes=st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=40),
)
def test_members_are_those_available(available, changes):
    """Whatever comes and goes, each available backend has one place, and no other has any."""
    made = members(np.array(available, np.int32))
    assert [member(made, place) for place in range(count(made))] == [
        backend for backend, there in enumerate(available) if there
    ]
    for number, there in changes:
        backend = number % len(available)
        available[backend] = there
        change(made, backend, there)
        assert sorted(member(made, place) for place in range(count(made))) == [
            backend for backend, there in enumerate(available) if there
        ]
