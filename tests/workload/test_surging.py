"""A client's own time, which passes faster during surges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.workload import NO_MORE, Surge, own_time, pieces, real_time

S = 10**9
SURGES = st.lists(
    st.builds(
        Surge, st.integers(0, 10**12), st.integers(1, 10**12),
        st.floats(0.01, 100, allow_nan=False),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def test_a_surge_by_hand():
    """Three times as fast from 10 s for 5 s: 15 s of own time, and 10 s less to wait afterwards."""
    made = pieces([Surge(10 * S, 5 * S, 3.0)])
    real = [real_time(made, 0, len(made), own * S) for own in (0, 10, 13, 25, 26)]
    assert real == [0, 10 * S, 11 * S, 15 * S, 16 * S]
    assert own_time(made, 20 * S) == 30 * S


def test_overlapping_surges_multiply():
    """Twice as fast for 10 s, and within that three times for 2 s: 8 * 2 + 2 * 6 s pass."""
    made = pieces([Surge(0, 10 * S, 2.0), Surge(4 * S, 2 * S, 3.0)])
    assert own_time(made, 10 * S) == 28 * S
    assert made["factor"].tolist() == [2.0, 6.0, 2.0, 1.0]


def test_no_surge_is_the_same_time_and_no_end_stays_none():
    """Without pieces every moment is itself; where no more requests come, none do in a surge."""
    assert real_time(pieces([])[:0], 0, 0, 12345) == 12345
    made = pieces([Surge(0, S, 2.0)])
    assert real_time(made, 0, len(made), NO_MORE) == NO_MORE


@settings(deadline=None)
@given(SURGES, st.lists(st.integers(0, 10**13), min_size=2, max_size=20))
def test_time_never_runs_back_and_own_time_is_its_inverse(surges, moments):
    """Later own moments are not earlier in simulated time, and lead back to themselves, but for
    the nanoseconds that simulated time is rounded to."""
    made = pieces(surges)
    moments.sort()
    real = [real_time(made, 0, len(made), own) for own in moments]
    assert real == sorted(real)
    coarse = float(np.max(made["factor"]))
    for own, at in zip(moments, real, strict=True):
        assert own_time(made, at) == pytest.approx(own, rel=1e-9, abs=2 * coarse + 2)
