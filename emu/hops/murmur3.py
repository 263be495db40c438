"""MurmurHash3, the version of 128 bits for 64-bit machines.

Source: A. Appleby, smhasher, MurmurHash3.cpp (``MurmurHash3_x64_128``).
"""

from typing import Final

_WORD: Final = 2**64 - 1
_C1: Final = 0x87C37B91114253D5
_C2: Final = 0x4CF5AD432745937F


def murmur3(data: bytes, seed: int) -> tuple[int, int]:
    """The two words of the hash; ``seed`` has 32 bits."""
    h1 = h2 = seed
    whole = len(data) // 16 * 16
    for first in range(0, whole, 16):
        k1, k2 = _scrambled(data[first : first + 16])
        h1 = ((_left(h1 ^ k1, 27) + h2) * 5 + 0x52DCE729) & _WORD
        h2 = ((_left(h2 ^ k2, 31) + h1) * 5 + 0x38495AB5) & _WORD
    k1, k2 = _scrambled(data[whole:])
    h1, h2 = _summed(h1 ^ k1 ^ len(data), h2 ^ k2 ^ len(data))
    return _summed(_finished(h1), _finished(h2))


def _scrambled(block: bytes) -> tuple[int, int]:
    """The halves of a block of up to 16 bytes."""
    k1, k2 = int.from_bytes(block[:8], "little"), int.from_bytes(block[8:], "little")
    k1 = (_left((k1 * _C1) & _WORD, 31) * _C2) & _WORD
    k2 = (_left((k2 * _C2) & _WORD, 33) * _C1) & _WORD
    return k1, k2


def _summed(h1: int, h2: int) -> tuple[int, int]:
    h1 = (h1 + h2) & _WORD
    return h1, (h1 + h2) & _WORD


def _finished(word: int) -> int:
    word = ((word ^ (word >> 33)) * 0xFF51AFD7ED558CCD) & _WORD
    word = ((word ^ (word >> 33)) * 0xC4CEB9FE1A85EC53) & _WORD
    return word ^ (word >> 33)


def _left(word: int, bits: int) -> int:
    """The word rotated to the left."""
    return ((word << bits) | (word >> (64 - bits))) & _WORD
