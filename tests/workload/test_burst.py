"""Arrivals in bursts: two rates that take turns at fixed times."""

import math

import numpy as np
import pytest
from scipy import stats

from emu.units import SECOND
from emu.workload import burst

OPTIONS = {"rate": "10/s", "burst": "100/s", "every": "60s", "lasting": "5s"}


def times_of(options, count, start=0):
    """That many intended times from ``start`` on, in nanoseconds."""
    parameters = np.array(burst.parameters(burst.Options.model_validate(options)))
    times = [start]
    for index in range(count):
        times.append(burst.following(parameters, 0, 8, index, index, times[-1]))
    return np.array(times[1:])


@pytest.mark.parametrize("start", [0, 60 * SECOND * 10**7])
def test_each_second_of_the_period_has_its_rate(start):
    """Counts by the second since a burst began fit the two rates, also ten million bursts later."""
    times = times_of(OPTIONS, 21_000, start)
    periods = (times[-1] - start) // (60 * SECOND)
    within = times[times < start + periods * 60 * SECOND]
    counts = np.bincount(within // SECOND % 60, minlength=60)
    expected = periods * np.array([100] * 5 + [10] * 55)
    statistic = ((counts - expected) ** 2 / expected).sum()
    assert 0.001 < stats.chi2(60).cdf(statistic) < 0.999


def test_counts_of_bursts_are_as_dispersed_as_poisson_ones():
    """From burst to burst the variance of counts is their mean, by chi-square."""
    times = times_of(OPTIONS, 21_000)
    bursts = times[times % (60 * SECOND) < 5 * SECOND] // (60 * SECOND)
    counts = np.bincount(bursts)[:-1]
    n = len(counts)
    assert n > 15
    assert 0.001 < stats.chi2(n - 1).cdf((n - 1) * counts.var(ddof=1) / counts.mean()) < 0.999


def test_nothing_comes_between_bursts_where_the_rate_is_0():
    """With a rate of 0 every request is in a burst, however rare requests are."""
    times = times_of(OPTIONS | {"rate": "0/s", "burst": "1/m"}, 500)
    assert (times % (60 * SECOND) <= 5 * SECOND).all()


def test_many_short_bursts_are_one_rate():
    """Bursts much shorter than the gaps leave a Poisson process of the mean rate."""
    options = {"rate": "0/s", "burst": "100/s", "every": "2us", "lasting": "1us"}
    gaps = np.diff(times_of(options, 5000))
    assert stats.kstest(gaps, stats.expon(scale=SECOND / 50).cdf).pvalue > 0.001


def test_the_mean_rate_has_the_bursts_in_it():
    """The mean over a period, and nothing but it."""
    rate = burst.rate(burst.Options.model_validate(OPTIONS))
    assert math.isclose(rate, (5 * 100 + 55 * 10) / 60)
