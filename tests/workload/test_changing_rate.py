"""Poisson arrivals at a changing rate: the inversion is exact, at any time of any rate."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.random_streams import ARRIVAL, uniform
from emu.units import SECOND, YEAR
from emu.workload._changing_rate import Piece, following, lasting, mean_rate, repeated

RATES = st.sampled_from([0.0, 0.01 / 3600, 0.3, 50.0, 1e4, 1e8]) | st.floats(1e-3, 1e8)
LENGTHS = st.integers(1, 1000) | st.integers(1, 100 * SECOND) | st.integers(1, YEAR // 2000)


@st.composite
def rates(draw):
    """Some pieces of a changing rate, and the time at which the last one ends."""
    pieces, start = [], 0
    for length in draw(st.lists(LENGTHS, min_size=1, max_size=6)):
        pieces.append(Piece(start, draw(RATES), draw(RATES)))
        start += length
    return pieces, start


def expected_until(pieces, period, time):
    """How many requests are expected from 0 to this time, as a fraction."""
    periods, into = divmod(time, period)
    whole = part = Fraction(0)
    ends = [piece.start for piece in pieces[1:]] + [period]
    for (start, first, last), end in zip(pieces, ends, strict=True):
        first, slope = Fraction(first), (Fraction(last) - Fraction(first)) / (end - start)
        gone = max(0, min(into, end) - start)
        part += (first + slope * gone / 2) * gone
        whole += (first + slope * (end - start) / 2) * (end - start)
    return (periods * whole + part) / SECOND


@settings(deadline=None, max_examples=500)
@given(rate=rates(), previous=st.integers(0, 100 * YEAR), request=st.integers(0, 2**40))
def test_the_inversion_is_exact(rate, previous, request):
    """As many are expected in each gap as was drawn, but for half a nanosecond at either end.

    In fractions, also a hundred years from the start.
    """
    pieces, period = rate
    if mean_rate(pieces, period) < 0.01 / 3600:
        return
    time = following(np.array(repeated(pieces, period)), 0, 5, request, 0, previous)
    drawn = -math.log(1.0 - uniform(5, ARRIVAL, request, 0))
    until = [expected_until(pieces, period, time + shift) for shift in (-1, 0, 1)]
    before = expected_until(pieces, period, previous)
    tolerance = Fraction(1e-9) * (1 + Fraction(drawn))
    assert time >= previous
    assert until[0] - before - tolerance <= drawn <= until[2] - before + tolerance


@settings(deadline=None, max_examples=200)
@given(rate=rates(), final=st.floats(0.01 / 3600, 1e8), previous=st.integers(0, 100 * YEAR))
def test_a_lasting_rate_is_that_of_a_very_long_period(rate, final, previous):
    """A last piece that lasts on is as exact, in it and before it."""
    pieces, start = rate
    pieces = [*pieces, Piece(start, final, final)]
    time = following(np.array(lasting(pieces)), 0, 5, 7, 0, previous)
    drawn = -math.log(1.0 - uniform(5, ARRIVAL, 7, 0))
    shifted = [expected_until(pieces, 2**62, time + shift) for shift in (-1, 1)]
    before = expected_until(pieces, 2**62, previous)
    assert shifted[0] - before - Fraction(1e-9) <= drawn <= shifted[1] - before + Fraction(1e-9)


def test_a_draw_of_zero_comes_at_once(monkeypatch):
    """The least draw there is means no gap, also where the rate is just rising from 0."""
    parameters = np.array(repeated([Piece(0, 0.0, 100.0)], SECOND))
    plain = getattr(following, "py_func", following)
    monkeypatch.setitem(plain.__globals__, "uniform", lambda *_: 0.0)
    assert plain(parameters, 0, 1, 0, 0, 3 * SECOND) == 3 * SECOND
