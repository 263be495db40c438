"""Cilium's Maglev: the same table on every node, and even shares."""

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.cilium import SIZE, hashed, table
from emu.hops.murmur3 import murmur3
from emu.hops.siphash import siphash


def endpoints(count):
    """So many endpoints, each in a Pod of its own."""
    return [Endpoint(f"10.244.{i // 250}.{i % 250 + 1}", 8080) for i in range(count)]


def without(entries, gone):
    """A table's places as they were before the endpoint at ``gone`` went."""
    return np.where(entries >= gone, entries + 1, entries)


def lookup_table(texts, size):
    """Each entry's text as Cilium's ``GetLookupTable`` has it, over permutations written out.

    The seed is the first four bytes of Cilium's default one.
    """
    texts = sorted(texts)
    permutations = []
    for text in texts:
        first, second = murmur3(text.encode(), 0x24B7EF82)
        offset, skip = first % size, second % (size - 1) + 1
        permutations.append([(offset + j * skip) % size for j in range(size)])
    following, entries = [0] * len(texts), [None] * size
    for turn in range(size):
        backend = turn % len(texts)
        while entries[permutations[backend][following[backend]]] is not None:
            following[backend] += 1
        entries[permutations[backend][following[backend]]] = texts[backend]
    return entries


def test_the_table_is_cilium_s():
    """Entry by entry, for addresses of both families; by default it has 16,381 of them."""
    listed = [Endpoint("10.244.10.2", 80), Endpoint("10.244.9.1", 8080), Endpoint("fd00::1", 80)]
    texts = [
        "[10.244.10.2:80/TCP,State:active]",
        "[10.244.9.1:8080/TCP,State:active]",
        "[[fd00::1]:80/TCP,State:active]",
    ]
    assert SIZE == 16381
    assert [texts[place] for place in table(listed)] == lookup_table(texts, SIZE)
    assert [texts[place] for place in table(listed, 251)] == lookup_table(texts, 251)


@settings(deadline=None, max_examples=20)
@given(order=st.permutations(range(12)))
def test_the_order_of_listing_does_not_matter(order):
    """However the endpoints are listed, an entry belongs to the same one."""
    listed = endpoints(12)
    shuffled = [listed[place] for place in order]
    assert np.array_equal(np.array(order)[table(shuffled)], table(listed))


@pytest.mark.parametrize("count", [2, 10, 163])
def test_shares_are_even(count):
    """Endpoints have as many entries as any other, or one more."""
    counts = np.bincount(table(endpoints(count)), minlength=count)
    assert counts.max() - counts.min() <= 1


def test_a_large_table_is_even_and_stable():
    """100 endpoints in 65,537 entries: max / mean 1.001; one gone changes about 1.6 % of them."""
    listed = endpoints(100)
    before = table(listed, 65537)
    counts = np.bincount(before, minlength=100)
    assert counts.max() / counts.mean() == pytest.approx(1.001, abs=0.0005)
    changed = [
        np.mean(before != without(table(listed[:gone] + listed[gone + 1 :], 65537), gone))
        for gone in range(0, 100, 10)
    ]
    assert np.mean(changed) == pytest.approx(0.016, abs=0.001)


def test_connections_fall_evenly():
    """By chi-square: one client's ports in a row, and one port of many clients in a row."""
    entries = table(endpoints(10))
    for connections in (
        [(0xCB00710A, port) for port in range(32768, 42768)],
        [(0x0AF40000 + host, 0) for host in range(10000)],
    ):
        picked = entries[[hashed(*connection) % SIZE for connection in connections]]
        assert stats.chisquare(np.bincount(picked, minlength=10)).pvalue > 0.001


def test_a_bit_changes_half_the_bits():
    """Whichever bit of the source or the port changes, 16 of the 32 bits do on the average."""
    flips = [(1 << bit, 0) for bit in range(32)] + [(0, 1 << bit) for bit in range(16)]
    changed = [
        (hashed(source, 32768) ^ hashed(source ^ of_source, 32768 ^ of_port)).bit_count()
        for of_source, of_port in flips
        for source in range(0x0A000000, 0x0A000040)
    ]
    assert np.mean(changed) == pytest.approx(16, abs=0.5)


def test_a_connection_is_six_bytes():
    """The lower half of SipHash of address and port, under the rest of Cilium's default seed."""
    message = np.uint64(0x8000_CB00710A)
    key = np.uint64(int.from_bytes(base64.b64decode("JLfvgnHc2kaSUFaI")[4:], "big"))
    digest = int(siphash(key, key, message, np.uint64(6)))
    assert hashed(0xCB00710A, 0x8000) == digest % 2**32


@settings(deadline=None)
@given(source=st.integers(0, 2**32 - 1), port=st.integers(0, 65535))
def test_plain_python_gives_the_same(source, port):
    """The kernel is its own plain Python, and fits in 32 bits."""
    assert hashed(source, port) == getattr(hashed, "py_func", hashed)(source, port)
    assert 0 <= hashed(source, port) < 2**32
