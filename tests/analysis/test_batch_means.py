"""Intervals from the batches of one run, and when there are none."""

import math

import numpy as np
import pytest
from scipy import stats

from emu.analysis.batch_means import (
    Problem,
    alike,
    mean_interval,
    quantile_interval,
    ratio,
    share_interval,
)
from emu.analysis.log_linear import (
    BUCKETS,
    QUANTILE_ERROR,
    bucket_of,
    no_sums,
    series_of,
    take,
    together,
)

COUNT = 32


def series(batches):
    """Batches of whole numbers, as they are counted."""
    sums, histograms = no_sums(len(batches)), np.zeros((len(batches), BUCKETS), np.int64)
    for place, batch in enumerate(batches):
        for value in batch:
            take(sums, histograms, place, int(value))
    return series_of(sums, histograms)


def of_quantile(series, permille, scale):
    """The interval of a quantile of these batches."""
    return quantile_interval(series, together(series), permille, scale)


def exponential(seed, size=100, batches=COUNT):
    """Batches of independent exponential values with mean 10 ms, in nanoseconds."""
    return np.random.default_rng(seed).exponential(1e7, (batches, size)).astype(np.int64)


def test_the_mean_of_equal_batches_has_students_interval():
    """With as many values in each, it is the t interval of the batches' means."""
    values = exponential(1)
    found = mean_interval(series(values), 1)
    low, high = stats.t.interval(0.95, COUNT - 1, values.mean(), stats.sem(values.mean(axis=1)))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.problem is None


def test_a_quantile_has_the_interval_of_the_share_below_it():
    """Its ends are the values whose ranks are the ends of that share's interval."""
    values = exponential(2)
    found = of_quantile(series(values), 900, 1)
    buckets = np.vectorize(bucket_of)(values)
    beyond = (buckets >= bucket_of(int(np.quantile(values, 0.9, method="inverted_cdf")))).mean(1)
    half = stats.t.ppf(0.975, COUNT - 1) * stats.sem(beyond)
    low, high = np.quantile(values, [0.9 - half, 0.9 + half], method="inverted_cdf")
    assert found.low == pytest.approx(low, rel=4 * QUANTILE_ERROR)
    assert found.high == pytest.approx(high, rel=4 * QUANTILE_ERROR)
    assert found.low < np.quantile(values, 0.9) < found.high


def test_all_alike_have_an_interval_without_length():
    """A constant latency is known."""
    same = series(np.full((COUNT, 50), 30_800_000))
    for found in (mean_interval(same, 1e9), of_quantile(same, 999, 1e9)):
        assert (found.low, found.high, found.problem) == (0.0308, 0.0308, None)


def test_a_share_has_the_interval_of_the_batches_shares():
    """With as many in each, Student's over their shares."""
    parts = np.random.default_rng(3).binomial(200, 0.1, COUNT)
    found = share_interval(parts, np.full(COUNT, 200))
    low, high = stats.t.interval(0.95, COUNT - 1, parts.sum() / 200 / COUNT, stats.sem(parts / 200))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_batches_of_different_sizes_weigh_as_much_as_they_have():
    """The ratio is that of the sums; its error is the textbook's for ratios."""
    found = ratio(np.arange(1.0, 33), np.arange(10.0, 42))
    off = np.arange(1.0, 33) - found.value * np.arange(10.0, 42)
    assert found.value == 528 / 816
    error = off.std(ddof=0) * math.sqrt(COUNT / (COUNT - 1)) / math.sqrt(COUNT) / (816 / COUNT)
    assert found.reach == pytest.approx(stats.t.ppf(0.975, COUNT - 1) * error)


@pytest.mark.parametrize(
    ("batches", "problem"),
    [
        (exponential(4, batches=9), Problem.FEW_BATCHES),
        (exponential(4, size=9), Problem.FEW_REQUESTS),
        ([[]] * COUNT, Problem.NO_REQUESTS),
        (np.sort(exponential(4).ravel()).reshape(COUNT, -1), Problem.DEPENDENT),
    ],
)
def test_what_is_the_matter_is_said(batches, problem):
    """Too few batches, too few requests, none, or batches that follow from one another."""
    found = mean_interval(series(batches), 1)
    assert (found.low, found.high, found.problem) == (None, None, problem)
    assert of_quantile(series(batches), 500, 1).problem == problem


def test_what_is_rare_is_not_said():
    """One value beyond the p99.9 in fewer than half of the batches; failures in one batch alone."""
    assert of_quantile(series(exponential(5)), 999, 1).problem == Problem.RARE
    assert of_quantile(series(exponential(5)), 500, 1).problem is None
    early = [*exponential(5, batches=8), *[[]] * (COUNT - 8)]
    assert mean_interval(series(early), 1).problem == Problem.RARE
    failures = np.zeros(COUNT, np.int64)
    failures[7] = 30
    assert share_interval(failures, np.full(COUNT, 100)).problem == Problem.RARE
    assert share_interval(np.full(COUNT, 100), np.full(COUNT, 100)).problem == Problem.RARE


def test_independent_batches_are_seldom_found_alike():
    """Of ten thousand, one in a hundred; of those that depend on the one before, most."""
    random = np.random.default_rng(6)
    found = np.mean([alike(random.normal(size=COUNT)) for _ in range(10_000)])
    assert 0.005 < found < 0.015
    steps = random.normal(size=(300, COUNT))
    for number in range(1, COUNT):
        steps[:, number] += 0.8 * steps[:, number - 1]
    assert np.mean([alike(values) for values in steps]) > 0.9


def test_intervals_of_independent_values_hold_the_truth():
    """The 95 % intervals of mean, p50 and p90 of a thousand samples: in 93 to 97 % of them."""
    exact = {None: 1.0, 500: math.log(2), 900: math.log(10)}
    held = dict.fromkeys(exact, 0)
    for seed in range(1000):
        batches = _quick(exponential(seed, size=50))
        for permille, value in exact.items():
            one = of_quantile(batches, permille, 1e7) if permille else mean_interval(batches, 1e7)
            held[permille] += one.low is not None and one.low <= value <= one.high
    assert all(0.92 < count / 1000 < 0.97 for count in held.values()), held


def _quick(values):
    """`series` of equal batches, all at once."""
    buckets = np.vectorize(bucket_of, otypes=[np.int64])(values.astype(np.int64))
    sums, histograms = no_sums(len(values)), np.zeros((len(values), BUCKETS), np.int64)
    for place, batch in enumerate(values):
        np.add.at(histograms[place], buckets[place], 1)
        sums[place] = (len(batch), batch.sum(), 0, batch.min(), batch.max())
    return series_of(sums, histograms)
