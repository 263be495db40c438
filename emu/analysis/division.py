"""How a run is divided into batches: equal parts, by time or by the number of the request.

Where the run has a duration, batches are equal parts of the time after the warm-up, and a request
belongs to the one in which it was meant to be sent; where it has a number of requests, equal parts
of their numbers. A batch counts where all of it was counted: not where the warm-up takes from it,
or where the run was ended before. Thirty batches are about the most that are worth having: B. W.
Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30 (1982).
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import inlined
from emu.recorder.expected import Expected

BATCHES: Final = 32


@dataclass(frozen=True)
class Division:
    """The batches of a run: of the numbers or moments, ``start`` to ``end``.

    Requests meant to be sent before ``first_ns`` are in none.
    """

    first_ns: int
    by_number: bool
    start: int
    end: int

    @property
    def scale(self) -> float:
        """What a distance from the start is multiplied by."""
        return BATCHES / max(1, self.end - self.start)

    @property
    def column(self) -> str:
        """What requests are divided by."""
        return "request" if self.by_number else "intended_ns"

    def batch_of(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """The batch of each of these numbers or moments, as `batch_of` has it."""
        batches = ((values - self.start) * self.scale).astype(np.int64)
        return np.clip(batches, 0, BATCHES - 1)

    def whole(self, end_ns: int, left_out: int, sent: int) -> slice:
        """The batches all of which was counted in a run that ended at ``end_ns`` with ``sent``
        requests, of which the first ``left_out`` were of the warm-up."""
        first, last = (left_out, sent) if self.by_number else (self.start, end_ns)
        length = self.end - self.start
        edges = [self.start + length * number // BATCHES for number in range(BATCHES + 1)]
        begins = bisect_left(edges, first)
        return slice(begins, max(begins, bisect_right(edges, last) - 1))


def division_of(expected: Expected, end_ns: int) -> Division:
    """The division of a run for which this was expected; ``end_ns`` where no end was."""
    first = expected.warmup_ns
    if expected.requests:
        return Division(first, True, 0, expected.requests)
    return Division(first, False, first, max(first, expected.duration_ns or end_ns))


@inlined
def batch_of(value: int, start: int, scale: float) -> int:
    """The batch of a number or moment from the start on.

    By a multiplication, for a division takes ten times as long.
    """
    return min(int((value - start) * scale), BATCHES - 1)
