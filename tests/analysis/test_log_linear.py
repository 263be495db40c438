"""Quantiles from a log-linear histogram."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.analysis.log_linear import BUCKETS, QUANTILE_ERROR, LogLinear, bucket_of, middle_of


def histogram(values):
    """The statistics of some durations."""
    counts = np.bincount([bucket_of(int(value)) for value in values], minlength=BUCKETS)
    return LogLinear(len(values), int(sum(values)), int(min(values)), int(max(values)), counts)


def test_the_error_is_at_most_one_per_cent():
    """What the scenario's users are promised."""
    assert 0 < QUANTILE_ERROR <= 0.01


@given(st.integers(0, 2**53) | st.integers(0, 100_000))
def test_a_duration_is_near_the_middle_of_its_bucket(duration):
    """The relative error of one duration is within the bound."""
    middle = middle_of(bucket_of(duration))
    assert abs(middle - duration) <= QUANTILE_ERROR * duration


@given(st.integers(2**53, 2**63 - 1))
def test_centuries_have_a_bucket(duration):
    """Where a float rounds, to a bucket's edge at most, the error stays that of the bucket."""
    bucket = bucket_of(duration)
    assert bucket < BUCKETS
    assert abs(middle_of(bucket) - duration) <= QUANTILE_ERROR * duration * (1 + 2**-40)


def test_the_longest_duration_has_a_bucket():
    """The histogram ends behind 2**63 - 1."""
    assert bucket_of(2**63 - 1) < BUCKETS


def test_buckets_stand_in_order():
    """Each bucket's middle is in that bucket, and above the middle of the one before."""
    middles = [middle_of(bucket) for bucket in range(BUCKETS - 128)]
    assert middles == sorted(set(middles))
    assert [bucket_of(middle) for middle in middles[:5000]] == list(range(5000))


@pytest.mark.parametrize("permille", [1, 500, 900, 990, 999, 1000])
def test_quantiles_are_numpys_within_the_error(permille):
    """Lognormal durations of microseconds to minutes; the order statistic is `inverted_cdf`'s."""
    values = np.random.default_rng(1).lognormal(16, 3, 20_000).astype(np.int64)
    exact = np.quantile(values, permille / 1000, method="inverted_cdf")
    found = histogram(values).quantile(permille)
    assert abs(found - exact) <= QUANTILE_ERROR * exact


def test_equal_durations_have_exact_quantiles():
    """A quantile never lies outside the extremes."""
    assert histogram([30_750_001] * 7).quantile(990) == 30_750_001
