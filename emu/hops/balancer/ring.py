"""A hash ring: the points of all backends, in the order of their hashes.

A client's address is hashed too; the first point at or after it, round the ring, is its own.

A ring of P points is an int64 array: the upper 63 bits of their hashes, from the lowest on, then
the backend of each. Point k of a backend is the xxHash64 of k and the backend's place. The number
of points is Envoy's: with w the backends' shares of the whole weight and s = min(ceil(min w *
minimum) / min w, maximum), the first i backends have ceil(s * (w_1 + ... + w_i)) points together.
So the lightest has a whole number of points, and backends of equal weight as many as each other,
or one more.

Source: D. Karger et al., "Consistent hashing and random trees", STOC'97; Envoy,
source/extensions/load_balancing_policies/ring_hash/ring_hash_lb.cc. What differs from Envoy: it
hashes the texts of addresses, here numbers are hashed; its ring has the healthy backends alone,
here those away keep their points, which pass on to the next one. So there another backend's clients
may move too, where the number of points a backend changes. Each backend with a weight has a point
here, even above the maximum.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from emu.hops.xxhash import xxhash64
from emu.kernel import kernel
from emu.registry import OptionsModel

LARGEST: Final = 8_388_608
_SEED = np.uint64(0)
_HALF = np.uint64(1)


class RingOptions(OptionsModel):
    """The size of a ring, in points; the defaults are Envoy's."""

    minimum_ring_size: int = Field(default=1024, ge=1, le=LARGEST)
    """The fewest points of all backends together. More points, more even shares."""

    maximum_ring_size: int = Field(default=LARGEST, ge=1, le=LARGEST)
    """The most points, which bounds how exactly unequal weights are followed."""

    @model_validator(mode="after")
    def _ordered(self) -> "RingOptions":
        if self.minimum_ring_size > self.maximum_ring_size:
            raise ValueError("minimumRingSize must be at most maximumRingSize")
        return self


def ring(options: RingOptions, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The ring of all backends with a weight, available or not."""
    numbers = _counts(backends["weight"], options)
    owners = np.repeat(np.arange(len(backends), dtype=np.int64), numbers)
    firsts = np.cumsum(numbers) - numbers
    hashes = (owners + 1 << 32) + np.arange(len(owners)) - np.repeat(firsts, numbers)
    _hash_all(hashes)
    order = np.argsort(hashes, kind="stable")
    return np.concatenate([hashes[order], owners[order]])


def _counts(weights: NDArray[np.float64], options: RingOptions) -> NDArray[np.int64]:
    """How many points each backend has."""
    if not (weights > 0).any():
        return np.zeros(len(weights), np.int64)
    shares = weights / weights.sum()
    least = shares[shares > 0].min()
    scale = min(
        np.ceil(least * options.minimum_ring_size) / least, float(options.maximum_ring_size)
    )
    ends = np.ceil(np.cumsum(scale * shares)).astype(np.int64)
    counts: NDArray[np.int64] = np.maximum(np.diff(ends, prepend=0), weights > 0)
    return counts


@kernel
def place(key: int) -> int:
    """Where a number falls on the ring: 63 bits."""
    return int(np.int64(xxhash64(np.uint64(key), _SEED) >> _HALF))


@kernel
def _hash_all(numbers: NDArray[np.int64]) -> None:
    """Put the place of each number in its stead."""
    for i in range(len(numbers)):
        numbers[i] = place(numbers[i])


@kernel
def first(ring: NDArray[np.int64], key: int) -> int:
    """The first point at or after a client's place; the number of points where it is past all."""
    wanted, low, high = place(key), 0, len(ring) // 2
    while low < high:
        middle = (low + high) // 2
        if ring[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low
