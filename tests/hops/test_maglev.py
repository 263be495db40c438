"""Maglev's table against the paper's own words, and what it is for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.maglev import populate, table

PRIMES = (2, 3, 7, 13, 251)


@st.composite
def wishes(draw):
    """A prime size, and an offset and a skip for each of some backends."""
    size = draw(st.sampled_from(PRIMES))
    count = draw(st.integers(1, 20))
    numbers = st.lists(st.integers(0, size - 1), min_size=count, max_size=count)
    skips = st.lists(st.integers(1, max(1, size - 1)), min_size=count, max_size=count)
    return size, np.array(draw(numbers)), np.array(draw(skips))


def by_the_paper(offsets, skips, size):
    """Pseudocode 1 of section 3.4, over permutations that are written out."""
    permutations = [
        [(offset + j * skip) % size for j in range(size)]
        for offset, skip in zip(offsets.tolist(), skips.tolist(), strict=True)
    ]
    following, entry, filled = [0] * len(permutations), [-1] * size, 0
    while True:
        for backend, permutation in enumerate(permutations):
            while entry[permutation[following[backend]]] >= 0:
                following[backend] += 1
            entry[permutation[following[backend]]] = backend
            following[backend] += 1
            filled += 1
            if filled == size:
                return entry


def drawn(count, size):
    """A table of backends whose wishes are drawn, and those wishes."""
    generator = np.random.default_rng(7)
    wanted = generator.integers(0, size, count), generator.integers(1, size, count)
    return table(*wanted, size), wanted


@settings(deadline=None)
@given(wishes())
def test_the_table_is_the_paper_s(wish):
    """Turn by turn each backend takes the first free entry of its own order."""
    size, offsets, skips = wish
    assert table(offsets, skips, size).tolist() == by_the_paper(offsets, skips, size)


def test_the_paper_s_example():
    """Table 1 of section 3.4: three backends, seven entries, before and after one has gone."""
    assert table(np.array([3, 0, 3]), np.array([4, 2, 1]), 7).tolist() == [1, 0, 1, 0, 2, 2, 0]
    assert table(np.array([3, 3]), np.array([4, 1]), 7).tolist() == [0, 0, 0, 0, 1, 1, 1]


@settings(deadline=None)
@given(wishes())
def test_compiled_and_plain_tables_are_the_same(wish):
    """The kernel is its own plain Python."""
    size, offsets, skips = wish
    entries, taken = np.full(size, -1, np.int64), np.zeros(len(offsets), np.int64)
    plain = getattr(populate, "py_func", populate)
    plain(np.ones(len(offsets)), offsets.copy(), skips, taken, entries)
    assert entries.tolist() == table(offsets, skips, size).tolist()


@pytest.mark.parametrize(("count", "size"), [(1, 251), (10, 4093), (1000, 4093), (100, 65537)])
def test_shares_differ_by_one_entry(count, size):
    """Backends take turns, so each has as many entries as any other, or one more."""
    entries, _ = drawn(count, size)
    counts = np.bincount(entries, minlength=count)
    assert counts.sum() == size
    assert counts.max() - counts.min() <= 1


def test_more_backends_than_entries():
    """The first ones have an entry each, the others none."""
    entries, _ = drawn(300, 251)
    assert sorted(entries.tolist()) == list(range(251))


def test_few_entries_change_when_a_backend_goes():
    """Of 100 backends in 65,537 entries one goes: its 1 % of entries change, and some 0.6 % more.

    A hash modulo the number of backends would change 99 %.
    """
    entries, wanted = drawn(100, 65537)
    after = table(*(np.delete(numbers, 40) for numbers in wanted), 65537)
    after = np.where(after >= 40, after + 1, after)
    assert entries.shape == after.shape
    assert 0.013 < np.mean(entries != after) < 0.019
