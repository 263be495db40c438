"""What every distribution keeps, whichever files are in the folder."""

import math

import numpy as np
import pytest
from scipy import stats

from emu import random_streams
from emu.distributions import DISTRIBUTIONS, mean_of, sample, table_of
from emu.units import YEAR

DRAWS = 20_000
STREAM = random_streams.SERVICE
ALMOST_ONE = 1 - 2**-53

SCIPY = {
    "exponential": lambda o: stats.expon(scale=o.mean),
    "gamma": lambda o: stats.gamma(1 / o.cv**2, scale=o.mean * o.cv**2),
    "lognormal": lambda o: stats.lognorm(
        math.sqrt(math.log(1 + o.cv**2)), scale=o.mean / math.sqrt(1 + o.cv**2)
    ),
    "pareto": lambda o: stats.pareto(o.shape, scale=o.mean * (1 - 1 / o.shape)),
    "uniform": lambda o: stats.uniform(o.low, o.high - o.low),
    "weibull": lambda o: stats.weibull_min(o.shape, scale=o.mean / math.gamma(1 + 1 / o.shape)),
}
"""The same distributions in scipy, from the options; a new file may add itself here."""


@pytest.fixture(params=DISTRIBUTIONS)
def chosen(request):
    """Each distribution in the folder, with its example options."""
    module = DISTRIBUTIONS[request.param]
    return DISTRIBUTIONS.chosen(request.param, **getattr(module, "EXAMPLE", {}))


def draws_of(chosen, count=DRAWS, seed=3):
    """That many draws, in nanoseconds."""
    module = DISTRIBUTIONS[chosen.name]
    parameters = np.array(module.parameters(chosen.options))
    return np.array([module.draw(parameters, 0, seed, STREAM, i, 0) for i in range(count)])


def test_draws_have_the_stated_mean(chosen):
    """The mean of the draws is within 4.5 of its standard errors of ``mean(options)``."""
    draws = draws_of(chosen)
    error = draws.std() / math.sqrt(DRAWS)
    assert abs(draws.mean() - mean_of(chosen)) <= 4.5 * error


def test_draws_are_durations(chosen):
    """Every draw is finite and at least 0."""
    draws = draws_of(chosen)
    assert np.isfinite(draws).all()
    assert (draws >= 0).all()


@pytest.mark.parametrize("unit", [0.0, 2**-53, 0.5, ALMOST_ONE])
@pytest.mark.parametrize("deviate", [-8.6, 0.0, 8.6])
def test_the_rarest_draws_are_durations(chosen, unit, deviate, monkeypatch):
    """The least and greatest random numbers there are still give finite durations from 0 up."""
    module = DISTRIBUTIONS[chosen.name]
    draw = getattr(module.draw, "py_func", module.draw)
    arguments = np.array(module.parameters(chosen.options)), 0, 1, STREAM, 0, 0
    draw(*arguments)  # compiles the kernels that it calls while these are what they are
    for name, value in (("uniform", unit), ("normal", deviate)):
        for place in (module, random_streams):
            monkeypatch.setattr(place, name, lambda *_, value=value: value, raising=False)
    assert 0 <= draw(*arguments) < math.inf


def test_a_draw_depends_on_its_key_alone(chosen):
    """The same key gives the same draw, in any order; another seed gives another sample."""
    draws = draws_of(chosen, 100)
    parameters = np.array([math.nan, *DISTRIBUTIONS[chosen.name].parameters(chosen.options)])
    draw = DISTRIBUTIONS[chosen.name].draw
    again = [draw(parameters, 1, 3, STREAM, i, 0) for i in reversed(range(100))]
    assert again[::-1] == draws.tolist()
    if draws.std() > 0:
        assert not np.array_equal(draws_of(chosen, 100, seed=4), draws)


def test_samples_are_the_draws_in_whole_nanoseconds(chosen):
    """``sample`` rounds the draw of the distribution at its place to the nearest nanosecond."""
    first = DISTRIBUTIONS.chosen("constant", value="1ms")
    table, (before, place) = table_of([first, chosen])
    samples = [sample(table, place, 3, STREAM, i, 0) for i in range(100)]
    assert samples == [math.floor(draw + 0.5) for draw in draws_of(chosen, 100)]
    assert sample(table, before, 3, STREAM, 0, 0) == 1_000_000


@pytest.mark.parametrize("name", sorted(SCIPY))
def test_draws_follow_scipys_distribution(name):
    """Kolmogorov and Smirnov find nothing between the draws and scipy's distribution."""
    chosen = DISTRIBUTIONS.chosen(name, **DISTRIBUTIONS[name].EXAMPLE)
    expected = SCIPY[name](chosen.options)
    assert expected.mean() == pytest.approx(mean_of(chosen))
    assert stats.kstest(draws_of(chosen), expected.cdf).pvalue > 0.001


def test_no_sample_is_longer_than_a_year():
    """A tail so heavy that some draws pass a year is cut there, so that sums fit 64 bits."""
    table, (place,) = table_of([DISTRIBUTIONS.chosen("pareto", mean="8760h", shape=1.01)])
    samples = [sample(table, place, 3, STREAM, i, 0) for i in range(2000)]
    assert max(samples) == YEAR
    assert min(samples) > 0
