"""Histograms with buckets of one ratio."""

import numpy as np
import pytest

from emu.analysis.log_even import DOUBLINGS, PER_DOUBLING, LogEven, edge, places_of


@pytest.fixture
def durations():
    """Durations of many sizes, a tenth of them 0."""
    random = np.random.default_rng(1)
    some = np.exp(random.uniform(0, 40, 20_000)).astype(np.int64)
    some[random.random(len(some)) < 0.1] = 0
    return some


@pytest.fixture
def spread(durations):
    """The histogram of these, taken in two parts."""
    made = LogEven()
    made.add(durations[:7000])
    made.add(durations[7000:])
    return made


@pytest.mark.parametrize("per_doubling", [1, 4, 64])
def test_bins_hold_what_lies_between_their_edges(durations, spread, per_doubling):
    """Each bin counts the durations from its lower edge on and below its upper one."""
    bins = spread.bins(per_doubling)
    for one in bins:
        assert one.number == np.count_nonzero((durations >= one.low) & (durations < one.high))
        assert one.high / one.low == pytest.approx(2 ** (1 / per_doubling))
    assert [one.high for one in bins[:-1]] == [one.low for one in bins[1:]]
    assert bins[0].number and bins[-1].number


def test_all_are_counted(durations, spread):
    """Those of 0 apart, for no logarithmic axis shows them."""
    assert spread.zeros == np.count_nonzero(durations == 0)
    assert spread.count == len(durations)
    assert spread.zeros + sum(one.number for one in spread.bins(2)) == len(durations)


def test_the_tail_is_that_of_the_durations(durations, spread):
    """How many were as long as each edge, and at the end those of the last bin."""
    *points, last = spread.at_least(16)
    assert all(number == np.count_nonzero(durations >= ns) for ns, number in points)
    assert last[1] == points[-1][1] == spread.bins(16)[-1].number


def test_the_ends_of_the_scale_have_buckets():
    """1 ns has the first bucket, the longest duration one of the last."""
    places = places_of(np.array([1, 2, 2**62]), PER_DOUBLING)
    assert places.tolist() == [0, PER_DOUBLING, (DOUBLINGS - 1) * PER_DOUBLING]
    assert edge(PER_DOUBLING, PER_DOUBLING) == 2.0


def test_nothing_has_no_bins():
    """Neither bins nor a tail, also where there are durations of 0 alone."""
    made = LogEven()
    made.add(np.zeros(3, np.int64))
    assert (made.bins(4), made.at_least(4), made.count) == ([], [], 3)
