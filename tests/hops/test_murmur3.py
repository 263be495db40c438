"""MurmurHash3 against vectors that other implementations share."""

import pytest

from emu.hops.murmur3 import murmur3

FOX = b"The quick brown fox jumps over the lazy %s"
VECTORS = [
    (b"", 0, "00000000000000000000000000000000"),
    (b"hello", 0, "029bbd41b3a7d8cb191dae486a901e5b"),
    (FOX % b"dog", 0, "6c1b07bc7bbc4be347939ac4a93c437a"),
    (FOX % b"cog", 0, "9a2685ff70a98c653e5c8ea6eae3fe43"),
    (FOX % b"dog", 0x9747B28C, "213163d23b7f8a73e516c07e727345f9"),
    (FOX % b"cog", 0x9747B28C, "94618270b057cdb83cf873585b456f55"),
    (FOX % b"dog", 0xC58F1A7B, "ff9d0cd2ee401fac26f5efde525c9338"),
]


@pytest.mark.parametrize(("data", "seed", "digest"), VECTORS)
def test_published_vectors(data, seed, digest):
    """The two words, written with the lowest byte first, are the published digest."""
    assert b"".join(word.to_bytes(8, "little") for word in murmur3(data, seed)).hex() == digest
