"""Intervals that hold what they promise, and differences pair by pair."""

import numpy as np
import pytest
from scipy import stats

from emu.analysis.comparison import Verdict, compared, difference, estimate
from emu.analysis.log_linear import QUANTILE_ERROR
from emu.analysis.summary import summarise


@pytest.mark.parametrize(("confidence", "count"), [(0.95, 5), (0.95, 2), (0.8, 10)])
def test_an_interval_holds_the_true_mean_as_often_as_it_says(confidence, count):
    """Of 4,000 samples of normal values, within three standard deviations of the binomial."""
    samples = np.random.default_rng(5).normal(10.0, 3.0, (4000, count))
    found = [estimate(list(sample), confidence) for sample in samples]
    held = sum(one.low <= 10.0 <= one.high for one in found)
    deviation = (4000 * confidence * (1 - confidence)) ** 0.5
    assert abs(held - 4000 * confidence) < 3 * deviation


def test_an_interval_is_scipys():
    """Mean plus and minus t times the standard error."""
    values = [3.0, 4.5, 4.0, 7.25]
    found = estimate(values, 0.9)
    low, high = stats.t.interval(0.9, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert (found.mean, found.replications) == (pytest.approx(np.mean(values)), 4)


def test_one_value_has_no_interval_and_none_no_mean():
    """What cannot be said is left out."""
    one, none = estimate([2.0], 0.95), estimate([], 0.95)
    assert (one.replications, one.mean, one.low, one.high) == (1, 2.0, None, None)
    assert (none.replications, none.mean, none.low, none.high) == (0, None, None, None)


def test_pairs_take_away_what_both_have_in_common():
    """The interval of the difference is that of the differences, not of the two means."""
    random = np.random.default_rng(7)
    common = random.normal(100.0, 20.0, 8)
    other = common - 2.0 + random.normal(0.0, 0.5, 8)
    found = difference(list(common), list(other), 0.95)
    expected = stats.ttest_rel(other, common).confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    unpaired = stats.ttest_ind(other, common).confidence_interval(0.95)
    assert found.high - found.low < (unpaired.high - unpaired.low) / 10
    assert found.verdict == Verdict.LOWER


@pytest.mark.parametrize(
    ("first", "other", "error", "verdict"),
    [
        ([1.0, 2.0, 3.0], [2.0, 3.1, 4.0], 0.0, Verdict.HIGHER),
        ([1.0, 2.0, 3.0], [0.0, 0.9, 2.0], 0.0, Verdict.LOWER),
        ([1.0, 2.0, 3.0], [1.1, 1.9, 3.0], 0.0, Verdict.NOT_SHOWN),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.0, Verdict.EQUAL),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.1, Verdict.NOT_SHOWN),
        ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0], 0.9, Verdict.HIGHER),
        ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0], 1.1, Verdict.NOT_SHOWN),
        ([1.0], [5.0], 0.0, Verdict.UNKNOWN),
        ([1.0], [1.0], 0.0, Verdict.UNKNOWN),
        ([], [], 0.0, Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_verdicts(first, other, error, verdict):
    """Lower or higher only where 0 is outside the interval, however rough the numbers are."""
    assert difference(first, other, 0.95, error).verdict == verdict


@pytest.fixture
def summary(synthetic, tmp_path):
    """The summary of a synthetic run."""
    return summarise(synthetic.record(tmp_path, synthetic.rows(500)))


def slower(summary, seconds, **changes):
    """The summary with a p99 that is so much larger."""
    latency = summary.latency_seconds
    more = latency.model_copy(update={"p99": latency.p99 + seconds})
    return summary.model_copy(update={"latency_seconds": more} | changes)


def test_equal_runs_differ_by_exactly_nothing(summary):
    """Every metric of the second variant is equal; the first is not compared with itself."""
    first, other = compared([[summary] * 3, [summary] * 3], 0.95)
    assert {one.difference for one in first.values()} == {None}
    for one in other.values():
        assert (one.difference.mean, one.difference.verdict) == (0.0, Verdict.EQUAL)
    assert {name: one.estimate for name, one in first.items()} == {
        name: one.estimate for name, one in other.items()
    }


def test_rough_quantiles_widen_their_intervals(summary):
    """By what each side may be off; a difference smaller than that is not shown."""
    p99 = summary.latency_seconds.p99
    rough = {"quantile_error": QUANTILE_ERROR}
    first = [slower(summary, 0.0, **rough)] * 2
    for share, verdict in ((0.00125, Verdict.NOT_SHOWN), (0.00225, Verdict.HIGHER)):
        other = [slower(summary, share * p99, **rough)] * 2
        found = compared([first, other], 0.95)[1]["latency_p99_seconds"]
        assert found.difference.verdict == verdict
        assert found.difference.low == pytest.approx((share - (2 + share) / 1023) * p99)
        assert found.estimate.high == pytest.approx((1 + share) * (1 + 1 / 1023) * p99)
    exact = compared([[summary] * 2, [slower(summary, 1e-6)] * 2], 0.95)[1]
    assert exact["latency_p99_seconds"].difference.verdict == Verdict.HIGHER


def test_only_pairs_are_compared(summary, synthetic, tmp_path):
    """A replication in which one of the two has no latency is no part of their difference."""
    empty = summarise(synthetic.record(tmp_path / "empty", synthetic.rows(0)))
    runs = [[summary, empty, summary], [slower(summary, 0.1), summary, slower(summary, 0.2)]]
    _, other = compared(runs, 0.95)
    found = other["latency_p99_seconds"]
    assert (found.estimate.replications, found.difference.replications) == (3, 2)
    assert found.difference.mean == pytest.approx(0.15)
    assert compared([[empty], [empty]], 0.95)[1]["latency_p99_seconds"].difference.mean is None
