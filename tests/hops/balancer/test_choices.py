"""The strategies that draw some backends, or any idle one."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from emu.hops.balancer.available import members
from emu.hops.balancer.choices import another


def test_draws_without_replacement_are_all_sets_alike():
    """Of five backends, of which one is away, each ordered triple of others comes as often."""
    among, drawn = members(np.array([1, 1, 0, 1, 1])), np.zeros(8, np.int64)
    counts = Counter(
        tuple(another(among, drawn, k, 3, request, 0) for k in range(3)) for request in range(9600)
    )
    assert len(counts) == 24
    assert all(len(set(triple)) == 3 and 2 not in triple for triple in counts)
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


@pytest.mark.parametrize(
    ("options", "busiest", "idlest"),
    [
        ({}, 0, 1 / 2),
        ({"d": 3}, 0, 3 / 4),
        ({"replacement": True}, 1 / 16, 7 / 16),
        ({"d": 1}, 1 / 4, 1 / 4),
    ],
)
def test_the_least_loaded_of_d_is_picked(balanced, options, busiest, idlest):
    """Of four backends, by the chance that the busiest is all that is drawn, the idlest at all."""
    counts = balanced("power_of_d_choices", [1] * 4, **options).load(3, 2, 1, 0).counts()
    for count, share in ((counts[0], busiest), (counts[3], idlest)):
        assert stats.binomtest(count, 8000, share).pvalue > 0.001


def test_more_choices_than_backends_are_all_of_them(balanced):
    """Five of two are both."""
    assert balanced("power_of_d_choices", [1, 1], d=5).load(1, 0).counts(100) == [0, 100]


def test_an_idle_backend_is_joined(balanced):
    """Idle backends share alike; where none is idle, all do, whatever their load."""
    listener = balanced("join_idle_queue", [1] * 4)
    counts = listener.load(2, 0, 1, 0).counts()
    assert (counts[0], counts[2]) == (0, 0)
    assert stats.chisquare([counts[1], counts[3]]).pvalue > 0.001
    assert stats.chisquare(listener.load(1, 9, 2, 3).counts()).pvalue > 0.001
