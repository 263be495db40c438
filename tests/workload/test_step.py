"""Arrivals in steps: each rate holds from its time to the next, the last one for ever."""

import math

import numpy as np
import pytest
from scipy import stats

from emu.units import SECOND
from emu.workload import step

STEPS = {
    "steps": [
        {"at": "0s", "rate": "100/s"},
        {"at": "30s", "rate": "300/s"},
        {"at": "40s", "rate": "0/s"},
        {"at": "50s", "rate": "30/s"},
    ]
}


@pytest.fixture(scope="module")
def times():
    """The times of requests, in seconds, as they follow one another."""
    parameters = np.array(step.parameters(step.Options.model_validate(STEPS)))
    found, previous = [], 0
    for index in range(12_000):
        previous = step.following(parameters, 0, 6, index, index, previous)
        found.append(previous)
    return np.array(found) / SECOND


def test_each_step_has_its_rate(times):
    """The number of requests in each step is within 4.5 standard errors of rate x length."""
    for start, end, rate in [(0, 30, 100), (30, 40, 300), (50, 150, 30)]:
        expected = rate * (end - start)
        count = ((times >= start) & (times < end)).sum()
        assert abs(count - expected) < 4.5 * math.sqrt(expected)
    assert not ((times >= 40) & (times < 50)).any()


def test_counts_are_as_dispersed_as_poisson_ones(times):
    """Within a step the variance of counts in tenths of a second is their mean, by chi-square."""
    for start, end in [(0, 30), (30, 40), (50, 200)]:
        counts, _ = np.histogram(times, np.arange(start, end + 0.05, 0.1))
        n = len(counts)
        index = (n - 1) * counts.var(ddof=1) / counts.mean()
        assert 0.001 < stats.chi2(n - 1).cdf(index) < 0.999


def test_gaps_are_exponential_in_the_last_step(times):
    """Once the last step has come, gaps are those of a Poisson process at its rate."""
    gaps = np.diff(times[times > 50])
    assert len(gaps) > 5000
    assert stats.kstest(gaps, stats.expon(scale=1 / 30).cdf).pvalue > 0.001


def test_its_rate_is_that_of_the_last_step():
    """In the long run only the last step counts."""
    assert step.rate(step.Options.model_validate(STEPS)) == 30
