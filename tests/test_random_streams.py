"""Keyed draws: Philox as numpy has it, and streams that know nothing of one another."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu import random_streams
from emu.random_streams import aside, normal, philox, uniform

WORD = st.integers(0, 2**64 - 1)
STREAMS = [
    getattr(random_streams, name)
    for name in (
        "ARRIVAL",
        "SERVICE",
        "SOJOURN",
        "NEXT_STATE",
        "BALANCE",
        "ENDPOINT",
        "SNAT_PORT",
        "DNS_CHOICE",
        "LOG_SAMPLE",
        "NETWORK",
    )
]


def numpy_block(key_0: int, key_1: int, word_0: int, word_1: int) -> list[int]:
    """The block of this key and counter; numpy adds 1 to the 256-bit counter before it draws."""
    before = (word_0 + (word_1 << 64) - 1) % 2**256
    counter = [before >> shift & 2**64 - 1 for shift in (0, 64, 128, 192)]
    generator = np.random.Philox(
        key=np.array([key_0, key_1], np.uint64), counter=np.array(counter, np.uint64)
    )
    return [int(word) for word in generator.random_raw(4)]


@settings(deadline=None)  # the first call compiles
@given(WORD, WORD, WORD, WORD)
def test_philox_is_numpys_word_by_word(key_0, key_1, word_0, word_1):
    """Any key and any counter give the four words that numpy's Philox4x64-10 gives."""
    block = philox(*(np.uint64(word) for word in (key_0, key_1, word_0, word_1)))
    assert [int(word) for word in block] == numpy_block(key_0, key_1, word_0, word_1)


@pytest.mark.parametrize("word", [0, 2**32 - 1, 2**32, 2**63, 2**64 - 1])
def test_philox_carries_between_the_halves(word):
    """Words at the edges of the 32-bit halves multiply as 64-bit words do."""
    block = philox(*(np.uint64(word),) * 4)
    assert [int(part) for part in block] == numpy_block(word, word, word, word)


def test_draws_never_change():
    """These draws are part of what a scenario and a seed mean: a change breaks every result."""
    assert uniform(1, 1, 0, 0).hex() == "0x1.98e1c8e765b0ap-2"
    assert uniform(1, 2, 12345, 1).hex() == "0x1.daeefc99c5660p-6"
    assert uniform(2**63 - 1, 2**17, 2**40 - 1, 7).hex() == "0x1.933d33947937dp-1"
    assert normal(1, 2, 12345, 1) == pytest.approx(0.1551767663124091, rel=1e-14)


def test_aside_is_the_third_word():
    """It shares no word with uniform and normal of the same key, which take the first two."""
    for request in range(100):
        third = numpy_block(9, random_streams.SERVICE, request, 2)[2]
        assert aside(9, random_streams.SERVICE, request, 2) == (third >> 11) / 2**53


@settings(deadline=None)  # the first call compiles
@given(st.integers(0, 2**63 - 1), st.integers(0, 2**32), st.integers(0, 2**40 - 1))
def test_uniform_is_the_first_word_scaled(seed, stream, request):
    """A uniform draw is the first word's upper 53 bits, in [0, 1)."""
    draw = uniform(seed, stream, request, 3)
    assert draw == (numpy_block(seed, stream, request, 3)[0] >> 11) / 2**53
    assert 0.0 <= draw < 1.0


def test_uniform_draws_are_uniform():
    """Kolmogorov and Smirnov find nothing against 20,000 draws of one stream."""
    draws = [uniform(5, random_streams.SERVICE, request, 0) for request in range(20_000)]
    assert stats.kstest(draws, "uniform").pvalue > 0.001


def test_normal_draws_are_normal():
    """Kolmogorov and Smirnov find nothing against 20,000 normal draws."""
    draws = [normal(5, random_streams.SERVICE, request, 0) for request in range(20_000)]
    assert stats.kstest(draws, "norm").pvalue > 0.001


def test_streams_seeds_requests_and_attempts_are_independent():
    """Draws whose keys differ in one part only correlate no more than chance lets them.

    The correlation of n independent pairs has a standard error of 1 / sqrt(n); 4.5 of them are
    passed once in 150,000.
    """
    n = 10_000
    columns = [[uniform(7, stream, request, 0) for request in range(n)] for stream in STREAMS]
    columns.append([uniform(8, STREAMS[0], request, 0) for request in range(n)])
    columns.append([uniform(7, STREAMS[0], request, 1) for request in range(n)])
    columns.append([aside(7, STREAMS[0], request, 0) for request in range(n)])
    columns.append([uniform(7, STREAMS[0], request + 1, 0) for request in range(n)])
    correlations = np.corrcoef(columns)
    pairs = itertools.combinations(range(len(columns)), 2)
    assert max(abs(correlations[i, j]) for i, j in pairs) < 4.5 / np.sqrt(n)


def test_streams_are_apart():
    """No two streams share a number, and the network's have the last, open range."""
    streams = [
        value
        for name, value in vars(random_streams).items()
        if name.isupper() and not name.startswith("_")
    ]
    assert len(set(streams)) == len(streams) >= len(STREAMS)
    assert max(streams) == random_streams.NETWORK
