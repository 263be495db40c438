"""The options of each distribution: what is refused, and what they stand for."""

import numpy as np
import pydantic
import pytest
from scipy import stats

from emu.distributions import DISTRIBUTIONS, Distribution, lognormal, mean_of, pareto, weibull
from emu.random_streams import SERVICE

READER = pydantic.TypeAdapter(Distribution)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ({"constant": {"value": "-1ms"}}, "greater than or equal to 0"),
        ({"constant": {"value": "9000h"}}, "less than or equal to"),
        ({"constant": {}}, "Field required"),
        ({"exponential": {"mean": "0"}}, "greater than 0"),
        ({"exponential": {"mean": 20}}, "must be a duration"),
        ({"uniform": {"low": "2ms", "high": "1ms"}}, "must have a high above its low"),
        ({"uniform": {"low": "1ms", "high": "1ms"}}, "must have a high above its low"),
        ({"lognormal": {"mean": "1ms"}}, "exactly one of cv and p99"),
        ({"lognormal": {"mean": "1ms", "cv": 1, "p99": "2ms"}}, "exactly one of cv and p99"),
        ({"lognormal": {"mean": "1ms", "cv": 0}}, "greater than 0"),
        ({"lognormal": {"mean": "1ms", "cv": float("nan")}}, "less than or equal to 100"),
        ({"lognormal": {"mean": "1ms", "p99": "1ms"}}, "above its mean and at most 14.9 times"),
        ({"lognormal": {"mean": "1ms", "p99": "15ms"}}, "above its mean and at most 14.9 times"),
        ({"weibull": {"mean": "1ms", "shape": 0.01}}, "greater than or equal to 0.1"),
        ({"weibull": {"mean": "0", "shape": 1}}, "greater than 0"),
        ({"weibull": {"mean": "1ms"}}, "exactly one of shape and p99"),
        ({"weibull": {"mean": "1ms", "p99": "1ms"}}, "p99 from 1.03 to 18.7 times its mean"),
        ({"weibull": {"mean": "1ms", "p99": "19ms"}}, "p99 from 1.03 to 18.7 times its mean"),
        ({"pareto": {"mean": "1ms", "shape": 2, "p99": "2ms"}}, "exactly one of shape and p99"),
        ({"pareto": {"mean": "1ms", "p99": "1ms"}}, "p99 from 1.04 to 7.98 times its mean"),
        ({"pareto": {"mean": "1ms", "p99": "8ms"}}, "p99 from 1.04 to 7.98 times its mean"),
        ({"pareto": {"mean": "1ms", "shape": 1}}, "greater than 1"),
        ({"pareto": {"mean": "1ms", "shape": float("inf")}}, "less than or equal to 100"),
        ({"gamma": {"mean": "1ms"}}, "exactly one of cv and p99"),
        ({"gamma": {"mean": "1ms", "cv": 0.001}}, "greater than or equal to 0.01"),
        ({"gamma": {"mean": "1ms", "cv": 11}}, "less than or equal to 10"),
        ({"gamma": {"mean": "1ms", "p99": "1ms"}}, "p99 from 1.03 to 28.3 times its mean"),
        ({"gamma": {"mean": "1ms", "p99": "29ms"}}, "p99 from 1.03 to 28.3 times its mean"),
        ({"normal": {"mean": "1ms"}}, "unknown distribution 'normal'; known: constant, "),
    ],
)
def test_bad_options_are_refused(written, rule):
    """Each mistake is refused with the rule that it breaks."""
    with pytest.raises(pydantic.ValidationError, match=rule):
        READER.validate_python(written)


def test_a_duration_alone_is_constant():
    """``20ms`` is short for a constant distribution of 20 ms."""
    chosen = READER.validate_python("20ms")
    assert (chosen.name, mean_of(chosen)) == ("constant", 20e6)


@pytest.mark.parametrize("p99", ["21ms", "60ms", "290ms"])
def test_lognormal_by_p99(p99):
    """Given a p99, one draw in a hundred exceeds it, and the mean is still the mean.

    The share of n draws above the p99 has a standard error of sqrt(0.01 * 0.99 / n).
    """
    options = lognormal.Options(mean="20ms", p99=p99)
    mu, sigma = lognormal.parameters(options)
    assert np.exp(mu + sigma**2 / 2) == pytest.approx(20e6)
    n = 20_000
    parameters = np.array([mu, sigma])
    above = sum(lognormal.draw(parameters, 0, 1, SERVICE, i, 0) > options.p99 for i in range(n))
    assert abs(above / n - 0.01) < 4.5 * np.sqrt(0.01 * 0.99 / n)


@pytest.mark.parametrize("p99", ["20600us", "40ms", "92103us", "200ms", "374ms"])
def test_weibull_by_p99(p99):
    """Given a p99, one in a hundred exceeds it, and the mean is still the mean."""
    options = weibull.Options(mean="20ms", p99=p99)
    scale, power = weibull.parameters(options)
    fitted = stats.weibull_min(1 / power, scale=scale)
    assert fitted.mean() == pytest.approx(20e6)
    assert fitted.sf(options.p99) == pytest.approx(0.01)
    assert 1 / power > 0.244, "the lighter tail of two"


@pytest.mark.parametrize("p99", ["20800us", "25ms", "40ms", "100ms", "159600us"])
def test_pareto_by_p99(p99):
    """Given a p99, one in a hundred exceeds it, and the mean is still the mean."""
    options = pareto.Options(mean="20ms", p99=p99)
    least, power = pareto.parameters(options)
    fitted = stats.pareto(-1 / power, scale=least)
    assert fitted.mean() == pytest.approx(20e6)
    assert fitted.sf(options.p99) == pytest.approx(0.01)
    assert -1 / power > 1.277, "the lighter tail of two"


def test_weibull_of_shape_one_is_exponential():
    """With shape 1 a Weibull draw is the exponential draw of the same key."""
    exponential = DISTRIBUTIONS["exponential"]
    left = np.array(weibull.parameters(weibull.Options(mean="20ms", shape=1)))
    right = np.array(exponential.parameters(exponential.Options(mean="20ms")))
    for request in range(100):
        key = (1, SERVICE, request, 0)
        assert weibull.draw(left, 0, *key) == pytest.approx(exponential.draw(right, 0, *key))
