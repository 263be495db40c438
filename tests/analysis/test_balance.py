"""How evenly requests fell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from emu.analysis.balance import balance, chi_square_tail, counts_by, jain_index, shares
from emu.analysis.reading import Requests
from emu.recorder.expected import Expected


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=20).filter(any), st.data())
def test_chi_square_is_scipys(counts, data):
    """Statistic and p-value are those of scipy.stats.chisquare, for any expected shares."""
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(counts), max_size=len(counts)))
    expected = {str(i): weight / sum(weights) for i, weight in enumerate(weights)}
    result = balance(shares({str(i): count for i, count in enumerate(counts)}, expected))
    wanted = np.array(list(expected.values())) * sum(counts)
    reference = stats.chisquare(counts, wanted)
    assert result.chi_square == pytest.approx(reference.statistic, rel=1e-9, abs=1e-9)
    assert result.p_value == pytest.approx(reference.pvalue, rel=1e-6, abs=1e-12)
    assert result.degrees_of_freedom == len(counts) - 1


@pytest.mark.parametrize("freedom", [1, 2, 3, 10, 99, 1000, 4999])
def test_the_tail_of_chi_square_is_scipys(freedom):
    """From the body far into the tail, for two places and for five thousand."""
    for factor in (0, 1e-6, 0.5, 0.9, 1, 1.1, 1.5, 3):
        reference = stats.chi2.sf(factor * freedom, freedom)
        assert chi_square_tail(factor * freedom, freedom) == pytest.approx(reference, rel=1e-9)


def test_exactly_the_expected_shares_are_no_surprise():
    """Perfect round robin has a chi-square of 0, a p-value of 1 and a Jain's index of 1."""
    result = balance(shares({"a": 50, "b": 50}, {"a": 0.5, "b": 0.5}))
    assert (result.chi_square, result.p_value, result.jain_index) == (0.0, 1.0, 1.0)


def test_a_place_that_got_nothing_counts():
    """An idle Pod is in the list, in the test and in Jain's index."""
    places = shares({"a": 100}, {"a": 0.5, "b": 0.5})
    assert places["b"].requests == 0
    result = balance(places)
    assert result.chi_square == pytest.approx(100.0)
    assert result.jain_index == pytest.approx(0.5)


def test_requests_where_none_were_expected_have_no_chance():
    """What cannot happen has probability 0, and no statistic."""
    places = shares({"a": 1, "x": 1}, {"a": 1.0})
    assert list(places) == ["a", "x"]
    assert places["x"].expected_share is None
    result = balance(places)
    assert (result.chi_square, result.p_value) == (None, 0.0)


@pytest.mark.parametrize(
    ("counts", "expected"), [({}, {}), ({}, {"a": 0.5, "b": 0.5}), ({"a": 3, "b": 4}, {})]
)
def test_where_there_is_nothing_to_test_there_is_no_p_value(counts, expected):
    """No requests, or nothing expected: no test."""
    result = balance(shares(counts, expected))
    assert result.chi_square is result.p_value is None


def test_one_place_needs_no_test():
    """A single Pod got what it had to."""
    result = balance(shares({"a": 10}, {"a": 1.0}))
    assert (result.chi_square, result.degrees_of_freedom, result.p_value) == (0.0, 0, None)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(any), st.integers(1, 9))
def test_jains_index_lies_between_one_nth_and_one(counts, scale):
    """It does not depend on the scale, and is 1/n where one place got everything."""
    index = jain_index(np.array(counts, dtype=float))
    assert 1 / len(counts) <= index * (1 + 1e-12)
    assert index <= 1 + 1e-12
    assert jain_index(np.array(counts, dtype=float) * scale) == pytest.approx(index)
    alone = np.zeros(len(counts))
    alone[0] = scale
    assert jain_index(alone) == pytest.approx(1 / len(counts))


def test_counts_leave_out_the_warm_up_and_the_unplaced(synthetic, tmp_path):
    """Counted is every request after the warm-up that met the place, whatever became of it."""
    rows = synthetic.rows(4000)
    rows["pod"][::5] = -1
    warmup = int(rows["intended_ns"][1000])
    folder = synthetic.record(tmp_path, rows, expected=Expected(warmup_ns=warmup))
    counts = counts_by(Requests(folder), "pod")
    late = rows[rows["intended_ns"] >= warmup]
    assert counts == {
        name: np.count_nonzero(late["pod"] == index)
        for index, (name, _, _) in enumerate(synthetic.places.pods)
    }
