"""Student's t against scipy, and where it is known in closed form."""

import math

import pytest
from scipy import stats

from emu.analysis.students_t import reach

FREEDOMS = (*range(1, 31), 59, 60, 99, 100, 999, 1000)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999])
def test_it_is_scipys(confidence):
    """For few and many degrees of freedom, odd and even, to nine digits."""
    for freedom in FREEDOMS:
        expected = stats.t.ppf((1 + confidence) / 2, freedom)
        assert reach(confidence, freedom) == pytest.approx(expected, rel=1e-9), freedom


def test_one_and_two_degrees_have_closed_forms():
    """With one degree it is Cauchy's distribution, with two its inverse is algebraic."""
    for confidence in (0.6, 0.9, 0.99):
        assert reach(confidence, 1) == pytest.approx(math.tan(math.pi / 2 * confidence))
        two = confidence * math.sqrt(2 / (1 - confidence**2))
        assert reach(confidence, 2) == pytest.approx(two)


def test_nothing_is_in_no_interval():
    """A confidence of 0 reaches nowhere."""
    assert reach(0.0, 5) == pytest.approx(0.0, abs=1e-12)
