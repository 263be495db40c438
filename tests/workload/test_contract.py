"""What every arrival process keeps, whichever files are in the folder."""

import itertools
import math

import numpy as np
import pytest

from emu.units import SECOND
from emu.workload import ARRIVALS, NO_MORE, following, users_of

ARRIVED = 10_000


@pytest.fixture(params=ARRIVALS)
def chosen(request):
    """Each arrival process in the folder, with its example options."""
    module = ARRIVALS[request.param]
    return ARRIVALS.chosen(request.param, **getattr(module, "EXAMPLE", {}))


def times_of(chosen, count=ARRIVED, seed=3):
    """The intended times of that many requests, in nanoseconds."""
    parameters = np.array(ARRIVALS[chosen.name].parameters(chosen.options))
    times, previous = [], 0
    for index in range(count):
        previous = ARRIVALS[chosen.name].following(parameters, 0, seed, index, index, previous)
        times.append(previous)
    return times


def test_times_never_decrease(chosen):
    """Times are whole nanoseconds from 0 on, each not before the one before."""
    times = times_of(chosen)
    assert times[0] >= 0
    assert all(isinstance(time, int) for time in times)
    assert all(early <= late for early, late in itertools.pairwise(times))


def test_requests_come_at_the_stated_rate(chosen):
    """The mean gap is within 4.5 standard errors of 1 / rate, and a nanosecond; where users wait
    for answers, nothing follows by itself.

    The standard error is that of the means of 50 batches, since gaps may depend on one another.
    """
    if users_of(chosen):
        assert set(times_of(chosen)) == {NO_MORE}
        return
    gaps = np.diff(times_of(chosen, ARRIVED + 1))
    batches = gaps.reshape(50, -1).mean(axis=1)
    error = batches.std(ddof=1) / math.sqrt(50)
    expected = SECOND / ARRIVALS[chosen.name].rate(chosen.options)
    assert abs(gaps.mean() - expected) <= 4.5 * error + 1


def test_times_depend_on_their_keys_alone(chosen):
    """The same seed gives the same times, also through the dispatcher and at another place.

    What stands around its own parameters is left alone.
    """
    times = times_of(chosen, 200)
    own = ARRIVALS[chosen.name].parameters(chosen.options)
    parameters = np.array([math.nan, *own, math.nan])
    kind, previous, again = ARRIVALS.number(chosen.name), 0, []
    for index in range(200):
        previous = following(kind, parameters, 1, 3, index, index, previous)
        again.append(previous)
    assert again == times
    assert np.isnan(parameters[[0, -1]]).all()
