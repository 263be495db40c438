"""The strategies that go by weights."""

import pytest
from scipy import stats

WEIGHTS = [5, 1, 1, 3]


def test_smooth_weighted_round_robin_spreads_the_heavy(balanced):
    """NGINX's own example: 5, 1, 1 give a a b a c a a, again and again."""
    listener = balanced("weighted_round_robin", [5, 1, 1])
    assert [listener.pick() for _ in range(14)] == [0, 0, 1, 0, 2, 0, 0] * 2


def test_weighted_round_robin_of_equals_is_round_robin(balanced):
    """With equal weights, also such as no fraction gives exactly, backends come in turn."""
    listener = balanced("weighted_round_robin", [0.1, 0.1, 0.1])
    assert [listener.pick() for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]


def test_weighted_random_goes_by_weights(balanced):
    """Chi-square finds the shares of the weights."""
    counts = balanced("weighted_random", WEIGHTS).counts()
    assert stats.chisquare(counts, [800 * weight for weight in WEIGHTS]).pvalue > 0.001


def test_least_request_goes_by_unequal_weights(balanced):
    """Envoy's schedule: idle backends by their weights, and busy ones by weight / (load + 1)."""
    assert balanced("least_request", WEIGHTS).counts() == pytest.approx(
        [4000, 800, 800, 2400], abs=3
    )
    busy = balanced("least_request", [2, 1]).load(3, 0)
    assert busy.counts() == pytest.approx([8000 / 3, 16000 / 3], abs=3)
    unmoved = balanced("least_request", [2, 1], activeRequestBias=0).load(3, 0)
    assert unmoved.counts() == pytest.approx([16000 / 3, 8000 / 3], abs=3)


def test_least_request_of_equal_weights_is_two_choices(balanced):
    """Drawn with replacement, the busiest of four is only taken where it is drawn twice."""
    counts = balanced("least_request", [2, 2, 2, 2]).load(9, 1, 1, 1).counts()
    assert stats.chisquare([counts[0], sum(counts[1:])], [500, 7500]).pvalue > 0.001


def test_weighted_least_connections_is_by_load_for_the_weight(balanced):
    """Two requests at weight 4 are fewer than one at weight 1; equals are drawn alike."""
    assert balanced("weighted_least_connections", [4, 1]).load(2, 1).counts(100) == [100, 0]
    assert balanced("weighted_least_connections", [4, 1]).load(5, 1).counts(100) == [0, 100]
    counts = balanced("weighted_least_connections", [3, 6, 1]).load(1, 2, 1).counts()
    assert counts[2] == 0
    assert stats.chisquare(counts[:2]).pvalue > 0.001


@pytest.mark.parametrize(
    ("name", "power"), [("weighted_least_connections", 1), ("least_request", 0.5)]
)
def test_heavy_backends_have_more_in_flight(balanced, name, power):
    """Where nothing is answered, requests in flight grow as the weights; in Envoy's schedule, where
    dn/dt = w / (n + 1), as their roots."""
    listener = balanced(name, WEIGHTS)
    for _ in range(200):
        listener.send()
    parts = [weight**power for weight in WEIGHTS]
    expected = [200 * part / sum(parts) for part in parts]
    assert listener.backends["in_flight"].tolist() == pytest.approx(expected, abs=2)
