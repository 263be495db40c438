"""Quantiles of a stream of durations that passes once, from a log-linear histogram.

Bucket rule: durations below 256 ns have a bucket each; above, every doubling is cut into 128 equal
buckets, so a bucket is at most 1/128 as wide as its least value. A quantile is the middle of the
bucket that holds its rank, between the exact extremes: off by at most 1/256 of the true order
statistic, `QUANTILE_ERROR`. Count, sum and extremes are exact.

Source: the layout of HdrHistogram (Gil Tene), with 7 bits for the place within a doubling.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import inlined

_BITS: Final = 7
_UNUSED: Final = 52 - _BITS  # the last bits of a float's significand
_OFFSET: Final = (1023 + _BITS - 1) << _BITS  # 1023 is the bias of its exponent
BUCKETS: Final = (63 - _BITS + 2) << _BITS
"""How many buckets hold every duration below 2**63 ns."""
QUANTILE_ERROR: Final = 2.0 ** -(_BITS + 1)
"""The largest relative error of a quantile."""


@inlined
def bucket_of(duration: int) -> int:
    """The bucket of a duration from 0 to 2**63 - 1.

    Exponent and first bits of a float are such a bucket already, ten times as fast as shifting by
    the binary logarithm. From 2**53 ns on, 104 days, a float rounds, at an edge to the next bucket.
    """
    if duration < 2 << _BITS:
        return duration
    return int(np.float64(duration).view(np.int64) >> _UNUSED) - _OFFSET


def middle_of(bucket: int) -> int:
    """The duration in the middle of a bucket."""
    shift = max(0, (bucket >> _BITS) - 1)
    return ((bucket - (shift << _BITS)) << shift) + ((1 << shift) >> 1)


@dataclass(frozen=True)
class LogLinear:
    """Count, sum, extremes and quantiles of one stream; the histogram is an array of `BUCKETS`."""

    count: int
    total: int
    lowest: int
    highest: int
    histogram: NDArray[np.int64]

    def quantile(self, permille: int) -> int:
        """The quantile at ``permille`` / 1000, by the rank of `OrderStatistics`; ``count`` > 0."""
        rank = max(1, -(-permille * self.count // 1000))
        bucket = int(np.searchsorted(np.cumsum(self.histogram), rank))
        return min(max(middle_of(bucket), self.lowest), self.highest)
