"""How durations are spread, counted in buckets of one ratio: what a logarithmic axis shows evenly.

Every doubling has `PER_DOUBLING` buckets whose edges are 2**(k / PER_DOUBLING) ns, so any number of
neighbours that divides it makes wider buckets of one ratio, without a rest. (The buckets of
`emu.analysis.log_linear` are faster to find, and uneven on such an axis.)
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

PER_DOUBLING: Final = 64
DOUBLINGS: Final = 63
"""Every duration up to 2**62 ns, 146 years, has a bucket; those of 0 are counted apart."""


class Bin(NamedTuple):
    """So many durations of ``low`` nanoseconds or more and below ``high``."""

    low: float
    high: float
    number: int


def places_of(durations: NDArray[np.int64], per_doubling: int) -> NDArray[np.int64]:
    """The bucket of each duration, of which none is below 1, from 0."""
    places: NDArray[np.int64] = (np.log2(durations) * per_doubling).astype(np.int64)
    return places


def edge(place: int, per_doubling: int) -> float:
    """Where a bucket begins, in nanoseconds."""
    return float(2.0 ** (place / per_doubling))


class LogEven:
    """Counts of durations; `add` them all, then ask."""

    def __init__(self) -> None:
        self.zeros = 0
        """Durations of 0, which no logarithmic axis shows."""
        self.counts = np.zeros(DOUBLINGS * PER_DOUBLING, np.int64)

    @property
    def count(self) -> int:
        """All of them."""
        return self.zeros + int(self.counts.sum())

    def add(self, durations: NDArray[np.int64]) -> None:
        """Count these; none is below 0."""
        some = durations[durations > 0]
        self.zeros += len(durations) - len(some)
        places = places_of(some, PER_DOUBLING)
        self.counts += np.bincount(places, minlength=len(self.counts))

    def bins(self, per_doubling: int) -> list[Bin]:
        """From the first bin with a duration above 0 to the last, those between included."""
        counts = self.counts.reshape(-1, PER_DOUBLING // per_doubling).sum(axis=1)
        there = np.flatnonzero(counts)
        if not len(there):
            return []
        return [
            Bin(edge(place, per_doubling), edge(place + 1, per_doubling), int(counts[place]))
            for place in range(int(there[0]), int(there[-1]) + 1)
        ]

    def at_least(self, per_doubling: int) -> list[tuple[float, int]]:
        """How many were as long as each edge or longer: (nanoseconds, count), while there are any,
        and at the end of the last bin how many were in it.

        Exact but there, and for durations within a rounding error of an edge.
        """
        bins = self.bins(per_doubling)
        found = []
        left = self.count - self.zeros
        for low, _, count in bins:
            found.append((low, left))
            left -= count
        return [*found, (bins[-1].high, bins[-1].number)] if bins else []
