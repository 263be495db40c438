"""The Poisson and the constant process: their law, at low and high rates, for long."""

import math
from fractions import Fraction

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu.random_streams import ARRIVAL, uniform
from emu.units import SECOND
from emu.workload import ARRIVALS, Arrivals, constant, poisson

RATES = ["1/h", "30/m", "200/s", "5000000/s"]


def gaps_of(rate, count):
    """That many gaps of a Poisson process, in nanoseconds."""
    parameters = np.array(poisson.parameters(poisson.Options(rate=rate)))
    times = [0]
    for index in range(count):
        times.append(poisson.following(parameters, 0, 9, index, index, times[-1]))
    return np.diff(times)


@pytest.mark.parametrize("rate", RATES)
def test_poisson_comes_at_its_rate(rate):
    """The number of arrivals in the time of the last lies within 4.5 of its standard errors."""
    gaps, n = gaps_of(rate, 20_000), 20_000
    expected = gaps.sum() / SECOND * poisson.Options(rate=rate).rate
    assert abs(n - expected) < 4.5 * math.sqrt(n)


@pytest.mark.parametrize("rate", RATES[:3])
def test_poisson_gaps_are_exponential_and_independent(rate):
    """Gaps follow the exponential law, and one gap says nothing of the next."""
    gaps = gaps_of(rate, 20_000)
    mean = SECOND / poisson.Options(rate=rate).rate
    assert stats.kstest(gaps, stats.expon(scale=mean).cdf).pvalue > 0.001
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4.5 / math.sqrt(len(gaps))


def test_poisson_rounding_is_unbiased():
    """At 5 million/s rounding adds nothing to the mean gap of 200 ns.

    Rounding errors have a standard deviation of 1/sqrt(12) ns; cutting would add -0.5 ns.
    """
    n = 20_000
    exact = [-200.0 * math.log(1 - uniform(9, ARRIVAL, request, 0)) for request in range(n)]
    assert abs(gaps_of("5000000/s", n).mean() - np.mean(exact)) < 4.5 / math.sqrt(12 * n)


@settings(deadline=None)
@given(rate=st.floats(0.01, 1e8), index=st.integers(0, 2**40 - 1))
def test_constant_does_not_drift(rate, index):
    """Request k comes within 0.501 ns of k / rate, for any k below 2**40 in a century."""
    exact = index * SECOND / Fraction(rate)
    if exact > 100 * 365 * 24 * 3600 * SECOND:
        return
    parameters = np.array(constant.parameters(constant.Options(rate=rate_text(rate))))
    time = constant.following(parameters, 0, 1, 0, index, 0)
    assert abs(time - exact) <= Fraction("0.501")


def rate_text(rate):
    """The rate as text that reads as the same number."""
    return f"{rate!r}/s"


@pytest.mark.parametrize(
    ("rate", "index", "time"),
    [
        ("3/s", 10**9, 333_333_333_333_333_333),
        ("1/s", 10**9, 10**18),
        ("5000000/s", 10**9 + 1, 200 * (10**9 + 1)),
        ("1/h", 1000, 3_600_000 * SECOND),
    ],
)
def test_constant_after_a_billion_requests(rate, index, time):
    """After a billion requests, beyond 2**53 ns, the time is still right to the nanosecond."""
    parameters = np.array(constant.parameters(constant.Options(rate=rate)))
    assert constant.following(parameters, 0, 1, 0, index, 0) == time


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ({"poisson": {"rate": "-5/s"}}, "greater than 0"),
        ({"poisson": {"rate": "0/s"}}, "greater than 0"),
        ({"poisson": {"rate": "0.001/h"}}, "must be from 0.01/h to 100000000/s"),
        ({"constant": {"rate": "1e9/s"}}, "must be from 0.01/h to 100000000/s"),
        ({"constant": {"rate": 200}}, "must be a rate such as"),
        ({"constant": None}, "Field required"),
        (
            "sometimes",
            "unknown arrival process 'sometimes'; known: burst, closed_loop, constant, diurnal, ",
        ),
        ({}, "must be one arrival process and its options"),
    ],
)
def test_bad_arrivals_are_refused(written, rule):
    """Each mistake is refused with the rule that it breaks."""
    with pytest.raises(pydantic.ValidationError, match=rule):
        pydantic.TypeAdapter(Arrivals).validate_python(written)


def test_the_slowest_rate_has_gaps_that_fit():
    """At 0.01/h even the longest gap there can be leaves room in 64 bits for a hundred more."""
    (gap,) = ARRIVALS["poisson"].parameters(poisson.Options(rate="0.01/h"))
    assert 100 * -gap * math.log(2**-53) < 2**63
