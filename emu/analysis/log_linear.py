"""Quantiles of a stream of durations that passes once, from a log-linear histogram.

Bucket rule: durations below 1024 ns have a bucket each; above, every doubling is cut into 512 equal
buckets, so a bucket is at most 1/512 as wide as its least value. A quantile is the middle of the
bucket that holds its rank, between the exact extremes: off by at most 1/1024 of the true order
statistic, `QUANTILE_ERROR`. Count, sum and extremes are exact.

Source: the layout of HdrHistogram (Gil Tene), with 9 bits for the place within a doubling.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import inlined

_BITS: Final = 9
_UNUSED: Final = 52 - _BITS  # the last bits of a float's significand
_OFFSET: Final = (1023 + _BITS - 1) << _BITS  # 1023 is the bias of its exponent
BUCKETS: Final = (63 - _BITS + 2) << _BITS
"""How many buckets hold every duration below 2**63 ns."""
QUANTILE_ERROR: Final = 2.0 ** -(_BITS + 1)
"""The largest relative error of a quantile."""

SUMS: Final = np.dtype([(name, "i8") for name in ("count", "low", "high", "lowest", "highest")])
"""What is kept of a series beside its histogram; the sum is ``(high << 32) + low``."""
_LOW: Final = 2**32 - 1


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


@inlined
def take(sums: NDArray[Any], histograms: NDArray[np.int64], place: int, duration: int) -> None:
    """Add a duration to the series at this place of both arrays."""
    one = sums[place]
    low = one["low"] + (duration & _LOW)
    one["count"] += 1
    one["low"] = low & _LOW
    one["high"] += (duration >> 32) + (low >> 32)
    one["lowest"] = min(one["lowest"], duration)
    one["highest"] = max(one["highest"], duration)
    # No duration is below 0; compiled code would write outside the histogram if one were.
    histograms[place, bucket_of(max(0, duration))] += 1


def no_sums(count: int) -> NDArray[Any]:
    """The sums of so many empty series."""
    sums = np.zeros(count, SUMS)
    sums["lowest"] = np.iinfo(np.int64).max
    return sums


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
        return self._ranked(-(-permille * self.count // 1000))

    def at(self, share: float) -> int:
        """The value of rank share x count, for a share in [0, 1]; ``count`` > 0."""
        return self._ranked(math.ceil(share * self.count))

    def _ranked(self, rank: int) -> int:
        within = min(max(rank, 1), self.count)
        bucket = int(np.searchsorted(np.cumsum(self.histogram), within))
        return min(max(middle_of(bucket), self.lowest), self.highest)


def series_of(sums: NDArray[Any], histograms: NDArray[np.int64]) -> tuple[LogLinear, ...]:
    """What was added to these arrays."""
    return tuple(
        LogLinear(
            count=int(one["count"]),
            total=(int(one["high"]) << 32) + int(one["low"]),
            lowest=int(one["lowest"]),
            highest=int(one["highest"]),
            histogram=histogram,
        )
        for one, histogram in zip(sums, histograms, strict=True)
    )


def together(series: Sequence[LogLinear]) -> LogLinear:
    """All values of several series as one."""
    some = [one for one in series if one.count]
    return LogLinear(
        count=sum(one.count for one in some),
        total=sum(one.total for one in some),
        lowest=min((one.lowest for one in some), default=0),
        highest=max((one.highest for one in some), default=0),
        histogram=np.sum([one.histogram for one in series], axis=0),
    )
