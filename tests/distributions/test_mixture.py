"""Mixtures: which component is met, what it draws, and what is refused."""

import numpy as np
import pydantic
import pytest
from scipy import stats

from emu.distributions import DISTRIBUTIONS, Distribution, mean_of, sample, table_of
from emu.distributions.mixture import COMPONENTS
from emu.random_streams import SERVICE

READER = pydantic.TypeAdapter(Distribution)
DRAWS = 20_000


def mixture(*components):
    """A mixture of pairs of a weight and what a scenario writes of a distribution."""
    written = [{"weight": weight, "of": of} for weight, of in components]
    return READER.validate_python({"mixture": {"components": written}})


def samples_of(chosen, count=DRAWS):
    """So many draws, in whole nanoseconds."""
    table, (_, place) = table_of([DISTRIBUTIONS.chosen("constant", value="1ms"), chosen])
    return np.array([sample(table, place, 3, SERVICE, request, 0) for request in range(count)])


def test_a_mixture_follows_the_weighted_sum_of_scipys():
    """Kolmogorov and Smirnov find nothing against 0.7 F + 0.3 G; the mean is 0.7 m + 0.3 n."""
    chosen = mixture(
        (7, {"exponential": {"mean": "5ms"}}), (3, {"gamma": {"mean": "80ms", "cv": 0.3}})
    )
    fast, slow = stats.expon(scale=5e6), stats.gamma(1 / 0.09, scale=80e6 * 0.09)
    assert mean_of(chosen) == pytest.approx(0.7 * 5e6 + 0.3 * 80e6)
    test = stats.kstest(samples_of(chosen), lambda x: 0.7 * fast.cdf(x) + 0.3 * slow.cdf(x))
    assert test.pvalue > 0.001


@pytest.mark.parametrize("weights", [(1,), (0.2, 0.3, 0.5), (1e-9, 1, 1e-9), (6, 3, 1)])
def test_components_are_met_by_their_weights(weights):
    """Each as often as its share of the weights says, within 4.5 standard errors."""
    drawn = samples_of(mixture(*((w, f"{n + 1}ms") for n, w in enumerate(weights))))
    assert set(drawn) <= {(n + 1) * 1_000_000 for n in range(len(weights))}
    for number, weight in enumerate(weights):
        share = weight / sum(weights)
        met = np.mean(drawn == (number + 1) * 1_000_000)
        assert abs(met - share) <= 4.5 * np.sqrt(share * (1 - share) / DRAWS)


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_draws_as_it_would_alone(name):
    """Of a half of two, every draw is that of the same key without the mixture."""
    other = {name: getattr(COMPONENTS[name], "EXAMPLE", {})}
    alone = samples_of(READER.validate_python(other), 200)
    mixed = samples_of(mixture((1, "8000h"), (1, other)), 200)
    taken = mixed != 8000 * 3600 * 10**9
    assert 60 < taken.sum() < 140
    assert np.array_equal(mixed[taken], alone[taken])


def test_another_mixture_of_the_same_weights_meets_the_same_components():
    """Slower components slow the same requests down, and no others."""
    one = samples_of(mixture((9, "5ms"), (1, "80ms")), 500)
    other = samples_of(mixture((9, "6ms"), (1, {"uniform": {"low": "7ms", "high": "9ms"}})), 500)
    assert np.array_equal(one == 5_000_000, other == 6_000_000)


@pytest.mark.parametrize(
    ("components", "rule"),
    [
        ([], "at least 1 item"),
        ([{"weight": 0, "of": "1ms"}], "greater than 0"),
        ([{"weight": float("inf"), "of": "1ms"}], "less than or equal to"),
        ([{"of": "1ms"}], "weight\n +Field required"),
        ([{"weight": 1}], "of\n +Field required"),
        ([{"weight": 1, "of": {"exponential": {"mean": "0"}}}], "greater than 0"),
        ([{"weight": 1, "of": {"mixture": {}}}], "unknown component 'mixture'; known: constant"),
    ],
)
def test_bad_components_are_refused(components, rule):
    """Each mistake with the rule that it breaks; a mixture is no component of another."""
    with pytest.raises(pydantic.ValidationError, match=rule):
        READER.validate_python({"mixture": {"components": components}})
