"""A token bucket in whole numbers, and requests in flight."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.balancer import BACKENDS
from emu.hops.balancer.limiting import TOKEN, admits, is_full, no_limits
from emu.units import SECOND

NOBODY = np.zeros(2, BACKENDS)


def bucket(thousandths, burst):
    """The limits of one listener with such a rate per second."""
    limits = no_limits(1)
    limits["rate"] = thousandths * TOKEN // SECOND // 1000
    limits["capacity"] = limits["tokens"] = burst * TOKEN
    return limits


@settings(deadline=None)
@given(
    st.integers(1, 10**9), st.integers(1, 50),
    st.lists(st.integers(0, 10**13), min_size=1, max_size=50),
)  # fmt: skip
def test_a_bucket_is_that_of_exact_fractions(thousandths, burst, gaps):
    """Whatever the rate and the times, it lets through what exact arithmetic would."""
    limits, now, tokens = bucket(thousandths, burst), 0, Fraction(burst)
    for gap in gaps:
        now += gap
        tokens = min(Fraction(burst), tokens + Fraction(gap * thousandths, 1000 * SECOND))
        lets = tokens >= 1
        tokens -= lets
        assert admits(limits, 0, NOBODY, now) == lets


def test_the_requests_of_all_backends_count():
    """With three in flight at two backends, a limit of four lets one more in, one of three none."""
    limits, backends = no_limits(2), np.zeros(2, BACKENDS)
    limits["most"], backends["in_flight"] = [4, 3], [1, 2]
    assert admits(limits, 0, backends, 0)
    assert not admits(limits, 1, backends, 0)


def test_each_backend_has_a_limit_of_its_own():
    """With a limit of two a backend is full that has two in flight; without one, none is."""
    limits, backends = no_limits(2), np.zeros(2, BACKENDS)
    limits["most_each"], backends["in_flight"] = [2, -1], [1, 2]
    assert [is_full(limits, 0, backends, backend) for backend in (0, 1)] == [False, True]
    assert not is_full(limits, 1, backends, 1)
