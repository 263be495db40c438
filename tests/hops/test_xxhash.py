"""xxHash64 against the reference implementation."""

import numpy as np
import pytest

from emu.hops.xxhash import xxhash64

# Of libxxhash, called through the Python package xxhash: (word, seed) and the hash.
VECTORS = {
    (0, 0): 0x34C96ACDCADB1BBB,
    (1, 0): 0x9F29CB17A2A49995,
    (0xC6120000, 0): 0xAC19F5B009E64F26,
    (0xC6120000, 1): 0x6D99613E608D1D5F,
    (0x0706050403020100, 7): 0x3072F8C5CBA43E9A,
    (2**64 - 1, 2**64 - 1): 0x1A158C94ABF6A8B1,
}


@pytest.mark.parametrize(("word", "seed"), VECTORS)
def test_hashes_are_those_of_the_library(word, seed):
    """The eight bytes of a word have the hash that libxxhash gives them, compiled and plain."""
    arguments = np.uint64(word), np.uint64(seed)
    assert int(xxhash64(*arguments)) == VECTORS[word, seed]
    plain = getattr(xxhash64, "py_func", xxhash64)
    with np.errstate(over="ignore"):
        assert int(plain(*arguments)) == VECTORS[word, seed]
