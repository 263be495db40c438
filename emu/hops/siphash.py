"""SipHash-1-3 of short messages: a keyed hash that fits in a few registers.

A message of up to seven bytes is one block: its bytes from the lowest on, and its length in the
uppermost. One round takes it in, three finish.

Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012.
"""

import numpy as np

from emu.kernel import embedded, kernel

_LENGTH = np.uint64(56)
_END = np.uint64(0xFF)
_BITS = np.uint64(64)
_13, _16, _17, _21, _32 = (np.uint64(bits) for bits in (13, 16, 17, 21, 32))
_SECRET_0 = np.uint64(0x736F6D6570736575)
_SECRET_1 = np.uint64(0x646F72616E646F6D)
_SECRET_2 = np.uint64(0x6C7967656E657261)
_SECRET_3 = np.uint64(0x7465646279746573)


@embedded
def _left(word: np.uint64, bits: np.uint64) -> np.uint64:
    """The word rotated to the left."""
    return (word << bits) | (word >> (_BITS - bits))


@embedded
def _round(
    v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    v0, v2 = v0 + v1, v2 + v3
    v1, v3 = _left(v1, _13) ^ v0, _left(v3, _16) ^ v2
    v0, v2 = _left(v0, _32) + v3, v2 + v1
    v1, v3 = _left(v1, _17) ^ v2, _left(v3, _21) ^ v0
    return v0, v1, _left(v2, _32), v3


@kernel
def siphash(key_0: np.uint64, key_1: np.uint64, message: np.uint64, length: np.uint64) -> np.uint64:
    """The hash of the ``length`` lowest bytes of ``message``, at most seven; those above are 0."""
    block = (length << _LENGTH) | message
    v0, v1, v2, v3 = key_0 ^ _SECRET_0, key_1 ^ _SECRET_1, key_0 ^ _SECRET_2, key_1 ^ _SECRET_3
    v0, v1, v2, v3 = _round(v0, v1, v2, v3 ^ block)
    v0, v2 = v0 ^ block, v2 ^ _END
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3
