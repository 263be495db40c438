"""Random numbers as a pure function of what they are for.

``uniform(seed, stream, request, attempt)`` is the first word of the Philox4x64-10 block with key
``(seed, stream)`` and counter ``(request, attempt, 0, 0)``, as a double in [0, 1); ``normal`` is
made of the first two words, and ``aside`` is the third. There is no generator state, so the order
of events cannot change a draw, and two runs that differ only in a strategy meet the same arrivals
and the same service demands (common random numbers).

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
1, 2, 3", SC'11. The tests compare it word by word with ``numpy.random.Philox``. A draw takes about
18 ns in compiled code, 22 ns where the next one depends on it.
"""

import math
from time import perf_counter_ns
from typing import Final

import numpy as np

from emu.kernel import count_draw, kernel

# The streams: what a draw is for. A stream that a variant draws several numbers from is followed
# by a gap; the network's trips have the rest (see `emu.hops.network`).
ARRIVAL: Final = 1
SERVICE: Final = 2
SOJOURN: Final = 4
NEXT_STATE: Final = 5
THINNING: Final = 6
BALANCE: Final = 16
ENDPOINT: Final = 32
SNAT_PORT: Final = 48
DNS_LATENCY: Final = 64
DNS_CHOICE: Final = 65
HOPS_SAMPLE: Final = 66
LOG_SAMPLE: Final = 67
CONNECTION_AGE: Final = 68
BACKOFF: Final = 69
THINK: Final = 70
CLASS: Final = 71
DNS_RACE: Final = 72
SLOWDOWN: Final = 80
PAUSE: Final = 81
FAULT: Final = 82
QUOTA_PERIOD: Final = 83
RESYNC_PHASE: Final = 84
HEARTBEAT_PHASE: Final = 85
HEALTH_CHECK_PHASE: Final = 86
CREATION: Final = 100
STARTUP: Final = 104
PROBE: Final = 108
AUTOSCALING: Final = 109
DESIGN: Final = 90
NETWORK: Final = 1 << 16

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2E7470EE14C6C93)
_MULTIPLIER_1 = np.uint64(0xCA5A826395121157)
_WEYL_0 = np.uint64(0x9E3779B97F4A7C15)
_WEYL_1 = np.uint64(0xBB67AE8584CAA73B)
_MANTISSA_SHIFT = np.uint64(11)
_TO_UNIT = 2.0**-53
_MEASURED: Final = 20_000


@kernel
def _high(a: np.uint64, b: np.uint64) -> np.uint64:
    """The upper 64 bits of the 128-bit product, from four products of 32-bit halves.

    LLVM 22 recognises it and emits one ``mulx``, so an intrinsic of our own would gain nothing.
    """
    a_low, a_high = a & _LOW, a >> _HALF
    b_low, b_high = b & _LOW, b >> _HALF
    middle = a_high * b_low + ((a_low * b_low) >> _HALF)
    carry = a_low * b_high + (middle & _LOW)
    return a_high * b_high + (middle >> _HALF) + (carry >> _HALF)


@kernel
def philox(
    key_0: np.uint64, key_1: np.uint64, word_0: np.uint64, word_1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """The four 64-bit words of the block with this key and the counter (word_0, word_1, 0, 0)."""
    count_draw()
    word_2 = word_3 = np.uint64(0)
    for _ in range(10):
        high_0, low_0 = _high(_MULTIPLIER_0, word_0), _MULTIPLIER_0 * word_0
        high_1, low_1 = _high(_MULTIPLIER_1, word_2), _MULTIPLIER_1 * word_2
        word_0, word_1 = high_1 ^ word_1 ^ key_0, low_1
        word_2, word_3 = high_0 ^ word_3 ^ key_1, low_0
        key_0, key_1 = key_0 + _WEYL_0, key_1 + _WEYL_1
    return word_0, word_1, word_2, word_3


@kernel
def _unit(word: np.uint64) -> float:
    """The upper 53 bits of a word as a double in [0, 1)."""
    return float(word >> _MANTISSA_SHIFT) * _TO_UNIT


@kernel
def uniform(seed: int, stream: int, request: int, attempt: int) -> float:
    """The draw of this stream for this attempt of this request: a double in [0, 1)."""
    word = philox(np.uint64(seed), np.uint64(stream), np.uint64(request), np.uint64(attempt))[0]
    return _unit(word)


@kernel
def normal(seed: int, stream: int, request: int, attempt: int) -> float:
    """A draw from the standard normal distribution, from the same block as ``uniform``.

    Source: G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates",
    Annals of Mathematical Statistics 29 (1958). 53 bits reach as far as 8.6 standard deviations.
    """
    words = philox(np.uint64(seed), np.uint64(stream), np.uint64(request), np.uint64(attempt))
    radius = math.sqrt(-2.0 * math.log(1.0 - _unit(words[0])))
    return radius * math.cos(2.0 * math.pi * _unit(words[1]))


@kernel
def aside(seed: int, stream: int, request: int, attempt: int) -> float:
    """A double in [0, 1) beside ``uniform`` and ``normal`` of the same key, independent of both.

    For what decides which of several draws of that key is meant.
    """
    word = philox(np.uint64(seed), np.uint64(stream), np.uint64(request), np.uint64(attempt))[2]
    return _unit(word)


@kernel
def _sum_of_draws(count: int) -> float:
    total = 0.0
    for request in range(count):
        total += uniform(0, 0, request, 0)
    return total


def nanoseconds_of_a_draw() -> float:
    """What a draw takes here and now, by itself."""
    _sum_of_draws(1)
    began = perf_counter_ns()
    _sum_of_draws(_MEASURED)
    return (perf_counter_ns() - began) / _MEASURED
