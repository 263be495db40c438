"""The hash that source and destination hashing have in common."""

import numpy as np
import pytest

from emu.hops.kubeproxy.buckets import bucket, folded


def test_the_bucket_is_the_upper_byte_of_a_product():
    """By hand from 0x61C88647: once, twice, and 256 times it; and the greatest word is minus it."""
    assert [bucket(word) for word in (0, 1, 2, 256)] == [0, 0x61, 0xC3, 0xC8]
    assert bucket(2**32 - 1) == (2**32 - 0x61C88647) >> 24


def test_neighbours_are_spread():
    """256 addresses in a row fill most buckets, and none more than twice."""
    counts = np.bincount([bucket(0x0AF40000 + host) for host in range(256)], minlength=256)
    assert counts.max() <= 2
    assert np.count_nonzero(counts) > 200


def test_plain_python_gives_the_same():
    """The kernel is its own plain Python."""
    plain = getattr(bucket, "py_func", bucket)
    words = [0x9E3779B9 * i % 2**32 for i in range(1000)]
    assert [bucket(word) for word in words] == [plain(word) for word in words]


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("10.96.0.10", 0x0A60000A),
        ("255.255.255.255", 0xFFFFFFFF),
        ("::1", 1),
        ("2001:db8::8:800:200c:417a", 0x20010DB8 ^ 0 ^ 0x00080800 ^ 0x200C417A),
    ],
)
def test_addresses_as_words(address, word):
    """IPv4 is read from its first byte on, of IPv6 the four words fall on one another."""
    assert folded(address) == word
