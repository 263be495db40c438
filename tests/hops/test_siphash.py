"""SipHash-1-3 against its authors' vectors, and against a slow one of any length."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.hops.siphash import siphash

# Of the message 00 01 02 ..., by its length, under the key 00 01 ... 0f (github.com/veorq/SipHash
# with one and three rounds).
VECTORS = {
    0: 0xABAC0158050FC4DC,
    1: 0xC9F49BF37D57CA93,
    2: 0x82CB9B024DC7D44D,
    3: 0x8BF80AB8E7DDF7FB,
    4: 0xCF75576088D38328,
    5: 0xDEF9D52F49533B67,
    6: 0xC50D2B50C59F22A7,
    7: 0xD3927D989BB11140,
    8: 0x369095118D299A8E,
    15: 0xD320D86D2A519956,
}
KEY = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
WORD = 2**64 - 1


def rotated(word, bits):
    """A word rotated to the left."""
    return (word << bits | word >> 64 - bits) & WORD


def sip_round(v):
    """SipRound, line by line as figure 2.1 of the paper has it."""
    a, b, c, d = v
    a, c = (a + b) & WORD, (c + d) & WORD
    b, d = rotated(b, 13) ^ a, rotated(d, 16) ^ c
    a = rotated(a, 32)
    c, a = (c + b) & WORD, (a + d) & WORD
    b, d = rotated(b, 17) ^ c, rotated(d, 21) ^ a
    return [a, b, rotated(c, 32), d]


def slow(message, key_0, key_1):
    """SipHash-1-3 of bytes, after section 2 of the paper."""
    secret = b"somepseudorandomlygeneratedbytes"
    v = [int.from_bytes(secret[8 * i : 8 * i + 8], "big") for i in range(4)]
    v = [word ^ key for word, key in zip(v, [key_0, key_1] * 2, strict=True)]
    padded = message + bytes(7 - len(message) % 8) + bytes([len(message) % 256])
    for first in range(0, len(padded), 8):
        block = int.from_bytes(padded[first : first + 8], "little")
        v[3] ^= block
        v = sip_round(v)
        v[0] ^= block
    v[2] ^= 0xFF
    for _ in range(3):
        v = sip_round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def kernel(message, key_0, key_1):
    """The kernel's hash of up to seven bytes."""
    words = (key_0, key_1, int.from_bytes(message, "little"), len(message))
    return int(siphash(*map(np.uint64, words)))


@pytest.mark.parametrize("length", VECTORS)
def test_published_vectors(length):
    """Both give what the authors' own code gives; the kernel for short messages."""
    assert slow(bytes(range(length)), *KEY) == VECTORS[length]
    if length < 8:
        assert kernel(bytes(range(length)), *KEY) == VECTORS[length]


@settings(deadline=None)
@given(message=st.binary(max_size=7), keys=st.tuples(*[st.integers(0, WORD)] * 2))
def test_any_short_message_under_any_key(message, keys):
    """The kernel agrees with the slow one."""
    assert kernel(message, *keys) == slow(message, *keys)
