"""Exact quantiles in flat memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.analysis.order_statistics import OrderStatistics

PERMILLES = (0, 1, 500, 900, 950, 990, 999, 1000)


def select(chunks, permilles=PERMILLES):
    """The statistics of the values in these chunks, and how many passes they took."""
    statistics, passes = OrderStatistics(permilles), 0
    while statistics.unfinished:
        for chunk in chunks:
            statistics.add(np.array(chunk, dtype=np.int64))
        statistics.end_pass()
        passes += 1
    return statistics, passes


@given(st.lists(st.lists(st.integers(-(2**62), 2**62), max_size=30), max_size=6))
def test_quantiles_are_numpys(chunks):
    """Each quantile is numpy's inverted_cdf, however large the values and however they come."""
    values = np.array([value for chunk in chunks for value in chunk], dtype=np.int64)
    statistics, _ = select(chunks)
    assert statistics.count == len(values)
    assert statistics.total == sum(values.tolist())
    if len(values):
        ordered = sorted(values.tolist())
        assert (statistics.lowest, statistics.highest) == (ordered[0], ordered[-1])
        for permille in PERMILLES:
            rank = max(1, -(-permille * len(values) // 1000))
            assert statistics.quantile(permille) == ordered[rank - 1]


def test_the_definition_is_numpys_inverted_cdf():
    """On latencies as they are met, the quantiles equal numpy's."""
    values = np.random.default_rng(1).lognormal(18, 1, 100_003).astype(np.int64)
    statistics, _ = select(np.array_split(values, 7))
    for permille in PERMILLES:
        expected = np.quantile(values, permille / 1000, method="inverted_cdf")
        assert statistics.quantile(permille) == expected


@pytest.mark.parametrize(
    ("spread", "passes"), [(0, 1), (2**16 - 1, 2), (2**32 - 1, 3), (2**48 - 1, 4)]
)
def test_passes_grow_with_the_logarithm_of_the_spread(spread, passes):
    """Equal values need one pass; each 16 bits of spread one more."""
    statistics, needed = select([[5], [5 + spread]])
    assert needed == passes
    assert (statistics.quantile(0), statistics.quantile(1000)) == (5, 5 + spread)


def test_memory_does_not_grow_with_the_values():
    """Forty times the values take no more memory, equal ones included."""
    chunk = np.random.default_rng(1).integers(0, 2**34, 10_000)
    chunk[::2] = 2**33
    peaks = []
    for repeats in (1, 40):
        tracemalloc.start()
        statistics = OrderStatistics(PERMILLES)
        while statistics.unfinished:
            for _ in range(repeats):
                statistics.add(chunk)
            statistics.end_pass()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.1
