"""Arrivals by the time of day: as many as the rate means, at each time of it."""

import itertools

import numpy as np
import pytest
from scipy import stats

from emu.units import SECOND
from emu.workload import diurnal

HOUR = 3600 * SECOND
DAY = {
    "period": "24h",
    "points": [
        {"at": "2h", "rate": "0/s"},
        {"at": "5h", "rate": "0/s"},
        {"at": "9h", "rate": "200/m"},
        {"at": "18h", "rate": "0.5/s"},
    ],
}
CORNERS = [-6, 2, 5, 9, 18, 26]
RATES = [0.5, 0, 0, 200 / 60, 0.5, 0]


def times_until(end, options=DAY, seed=4):
    """The intended times before ``end``."""
    parameters = np.array(diurnal.parameters(diurnal.Options.model_validate(options)))
    times, previous = [], 0
    for index in itertools.count():
        previous = diurnal.following(parameters, 0, seed, index, index, previous)
        if previous >= end:
            return np.array(times)
        times.append(previous)


def expected_between(start, end):
    """How many are expected between two hours of a day: the trapezoids on a fine grid."""
    hours = np.linspace(start, end, 6001)
    return float(np.trapezoid(np.interp(hours, CORNERS, RATES), hours) * 3600)


@pytest.fixture(scope="module")
def day():
    """The times of the requests of three days, in hours of the day."""
    return times_until(72 * HOUR) / HOUR % 24


def test_each_half_hour_has_its_share(day):
    """The counts of half-hours are those of the integral of the rate, by chi-square."""
    edges = np.arange(0, 24.5, 0.5)
    counts, _ = np.histogram(day, edges)
    expected = np.array([3 * expected_between(*pair) for pair in itertools.pairwise(edges)])
    silent = expected < 1e-9
    assert not counts[silent].any()
    assert silent.sum() == 6
    statistic = ((counts - expected)[~silent] ** 2 / expected[~silent]).sum()
    assert 0.001 < stats.chi2(int((~silent).sum())).cdf(statistic) < 0.999


def test_requests_are_independent_of_one_another(day):
    """Expected requests between one and the next are exponential with mean 1."""
    times = np.sort(day)
    hours = np.linspace(0, 24, 240_001)
    rates = np.interp(hours, CORNERS, RATES) * 3 * 3600
    until = np.concatenate([[0], np.cumsum((rates[1:] + rates[:-1]) / 2 * np.diff(hours))])
    gaps = np.diff(np.interp(times, hours, until))
    assert stats.kstest(gaps, stats.expon().cdf).pvalue > 0.001
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4.5 / len(gaps) ** 0.5


def test_the_mean_rate_is_that_of_a_period():
    """The mean over a period, by the trapezoids between the points."""
    mean = (4 / 24) * 200 / 60 / 2 + (9 / 24) * (200 / 60 + 0.5) / 2 + (8 / 24) * 0.5 / 2
    assert diurnal.rate(diurnal.Options.model_validate(DAY)) == pytest.approx(mean)


def test_one_point_is_a_constant_rate():
    """With one point the rate is the same at all times."""
    options = diurnal.Options.model_validate({"points": [{"at": "3h", "rate": "7/s"}]})
    assert diurnal.rate(options) == pytest.approx(7)
    parameters = np.array(diurnal.parameters(options))
    assert parameters[4:6] * SECOND == pytest.approx([7, 7])
