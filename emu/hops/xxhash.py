"""xxHash64 of one 64-bit word: a fast hash in which every bit of the word moves every bit.

Source: Y. Collet, xxHash fast digest algorithm, doc/xxhash_spec.md (XXH64), for a message of the
word's eight bytes from the lowest on.
"""

import numpy as np

from emu.kernel import embedded, kernel

_1 = np.uint64(0x9E3779B185EBCA87)
_2 = np.uint64(0xC2B2AE3D27D4EB4F)
_3 = np.uint64(0x165667B19E3779F9)
_4 = np.uint64(0x85EBCA77C2B2AE63)
_5 = np.uint64(0x27D4EB2F165667C5)
_LENGTH = np.uint64(8)
_BITS = np.uint64(64)
_27, _29, _31, _32, _33 = (np.uint64(bits) for bits in (27, 29, 31, 32, 33))


@embedded
def _left(word: np.uint64, bits: np.uint64) -> np.uint64:
    """The word rotated to the left."""
    return (word << bits) | (word >> (_BITS - bits))


@kernel
def xxhash64(word: np.uint64, seed: np.uint64) -> np.uint64:
    """The hash of the word under a seed."""
    digest = (seed + _5 + _LENGTH) ^ (_left(word * _2, _31) * _1)
    digest = _left(digest, _27) * _1 + _4
    digest = (digest ^ (digest >> _33)) * _2
    digest = (digest ^ (digest >> _29)) * _3
    return digest ^ (digest >> _32)
