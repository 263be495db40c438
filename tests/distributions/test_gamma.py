"""The gamma distribution against scipy's: where its inverse is hard to find and where easy."""

import math

import numpy as np
import pytest
from scipy import special, stats

from emu.distributions import gamma
from emu.random_streams import SERVICE, uniform

CVS = [0.01, 0.1, 0.5, 0.999, 1, 1.001, 3, 10]
UNITS = [2**-53, 1e-12, 1e-6, 0.01, 0.5, 0.51, 0.99, 1 - 1e-6, 1 - 1e-12, 1 - 2**-53]


def parameters(**options):
    """What a draw takes, of a mean of 20 ms."""
    return np.array(gamma.parameters(gamma.Options(mean="20ms", **options)))


@pytest.mark.parametrize("cv", CVS)
def test_a_draw_is_the_quantile_of_its_uniform_number(cv):
    """One uniform number in, its quantile out: so draws of two runs stay as alike as can be."""
    drawn = [gamma.draw(parameters(cv=cv), 0, 1, SERVICE, i, 0) for i in range(500)]
    units = [uniform(1, SERVICE, i, 0) for i in range(500)]
    quantiles = special.gammaincinv(1 / cv**2, units) * 20e6 * cv**2
    assert drawn == pytest.approx(quantiles, rel=1e-10, abs=1e-200)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("cv", CVS)
def test_the_rarest_quantiles_are_as_exact(cv, unit, monkeypatch):
    """Out to the least and greatest uniform numbers that there are."""
    monkeypatch.setattr(gamma, "uniform", lambda *_: unit)
    draw = getattr(gamma.draw, "py_func", gamma.draw)
    side, tail = (special.gammaincinv, unit) if unit < 0.5 else (special.gammainccinv, 1 - unit)
    quantile = side(1 / cv**2, tail) * 20e6 * cv**2
    drawn = draw(parameters(cv=cv), 0, 1, SERVICE, 0, 0)
    assert drawn == pytest.approx(quantile, rel=1e-10, abs=1e-200)


@pytest.mark.parametrize("p99", ["20600us", "40ms", "92103us", "200ms", "566ms"])
def test_gamma_by_p99(p99):
    """Given a p99, one in a hundred exceeds it, and the mean is still the mean."""
    options = gamma.Options(mean="20ms", p99=p99)
    shape, _, scale = gamma.parameters(options)
    fitted = stats.gamma(shape, scale=scale)
    assert fitted.mean() == pytest.approx(20e6)
    assert fitted.sf(options.p99) == pytest.approx(0.01)
    assert fitted.std() / fitted.mean() < 7.95, "the lighter tail of two"


def test_gamma_by_the_p99_of_its_own_cv():
    """The p99 of a gamma distribution of cv 0.8 is that of cv 0.8 again."""
    quantile = stats.gamma.ppf(0.99, 1 / 0.64, scale=20e6 * 0.64)
    (shape, *_) = gamma.parameters(gamma.Options(mean="20ms", p99=f"{round(quantile)}ns"))
    assert 1 / math.sqrt(shape) == pytest.approx(0.8)


def test_a_gamma_of_cv_one_is_exponential():
    """With cv 1 a gamma draw is the exponential draw of the same key."""
    for request in range(100):
        unit = uniform(1, SERVICE, request, 0)
        drawn = gamma.draw(parameters(cv=1), 0, 1, SERVICE, request, 0)
        assert drawn == pytest.approx(-20e6 * math.log1p(-unit))
