"""What was sent and how it ended, over the time of a run, and how long it took then.

Time is cut into equal intervals of 1, 2 or 5 times a power of ten nanoseconds, at most
`MOST_INTERVALS` of them. The latencies of an interval are those of the requests that ended in it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.analysis.log_even import DOUBLINGS, edge, places_of
from emu.analysis.reading import Chunk, Requests
from emu.recorder.rows import ABSENT, Outcome

MOST_INTERVALS: Final = 240
_PER_DOUBLING: Final = 32
QUANTILE_ERROR: Final = 2.0 ** (0.5 / _PER_DOUBLING) - 1
"""The largest relative error of a quantile here: half a bucket, 1.1 %."""


def interval_of(end_ns: int) -> int:
    """The width of an interval, in nanoseconds."""
    width = 1
    while True:
        for step in (1, 2, 5):
            if step * width * MOST_INTERVALS >= end_ns:
                return step * width
        width *= 10


class OverTime:
    """Counts of a run that ended at ``end_ns``, the warm-up included."""

    columns: Final = ("attempt", "outcome", "intended_ns", "done_ns")

    def __init__(self, end_ns: int) -> None:
        self.interval_ns = interval_of(end_ns)
        self.intervals = max(1, -(-end_ns // self.interval_ns))
        self.sent = np.zeros(self.intervals, np.int64)
        """Requests that were meant to be sent in each interval."""
        self.ended: dict[str, NDArray[np.int64]] = {}
        """Attempts that ended in each interval, by outcome."""
        self._buckets = DOUBLINGS * _PER_DOUBLING
        self._latencies = np.zeros(self.intervals * self._buckets, np.int64)

    def add(self, chunk: Chunk, requests: Requests) -> None:
        """Count the next rows."""
        self.sent += self._count(chunk["intended_ns"][chunk["attempt"] == 0])
        for code in np.unique(chunk["outcome"]).tolist():
            name = requests.names["outcome"][code]
            if name == Outcome.IN_FLIGHT.name.lower():
                continue
            which = (chunk["outcome"] == code) & (chunk["done_ns"] != ABSENT)
            of_it = self.ended.setdefault(name, np.zeros(self.intervals, np.int64))
            of_it += self._count(chunk["done_ns"][which])
            if name == Outcome.OK.name.lower():
                self._measure(chunk["intended_ns"][which], chunk["done_ns"][which])

    def quantiles(self, permille: int) -> list[float | None]:
        """Nanoseconds that ``permille`` / 1000 of an interval's ok requests did not exceed; None
        where there are none. Off by at most `QUANTILE_ERROR`.
        """
        table = self._latencies.reshape(self.intervals, self._buckets)
        return [self._quantile(row, permille) for row in table]

    def _quantile(self, counts: NDArray[np.int64], permille: int) -> float | None:
        up_to = np.cumsum(counts)
        total = int(up_to[-1])
        if not total:
            return None
        place = int(np.searchsorted(up_to, max(1, -(-permille * total // 1000))))
        return edge(2 * place + 1, 2 * _PER_DOUBLING)

    def _count(self, at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        counts: NDArray[np.int64] = np.bincount(self._places(at_ns), minlength=self.intervals)
        return counts

    def _places(self, at_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """The interval of each moment; what the end of the run cut off falls into the last."""
        return np.minimum(at_ns // self.interval_ns, self.intervals - 1)

    def _measure(self, intended_ns: NDArray[np.int64], done_ns: NDArray[np.int64]) -> None:
        lasting = np.maximum(done_ns - intended_ns, 1)
        places = self._places(done_ns) * self._buckets + places_of(lasting, _PER_DOUBLING)
        self._latencies += np.bincount(places, minlength=len(self._latencies))
