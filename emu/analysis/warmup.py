"""Where a run's warm-up ends, found from its latencies: MSER-5.

What is left out of the beginning is what leaves the mean of the rest with the least standard error,
as if the rest were independent: of x_1 ... x_n the first d for which the sum of squared differences
of the others to their mean, over (n - d)^2, is least; x are means of five. Among the first half
only, for the error of the last few is small by chance. Sources: K. P. White, "An effective
truncation heuristic for bias reduction in simulation output", Simulation 69 (1997); W. W. Franklin,
K. P. White, "Stationarity tests and MSER-5", Winter Simulation Conference 2008.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.recorder.rows import ABSENT, Outcome

METHOD: Final = "MSER-5"
_TOGETHER: Final = 5
_ROOM: Final = 1024


def truncation(values: NDArray[np.float64]) -> int:
    """How many of the first values to leave out, at most half."""
    count = len(values)
    most = count // 2
    if not most:
        return 0
    centred = values - values.mean()
    left = np.arange(count, count - most - 1, -1)
    sums = np.cumsum(centred[::-1])[::-1][: most + 1]
    squares = np.cumsum(centred[::-1] ** 2)[::-1][: most + 1]
    return int(np.argmin((squares - sums**2 / left) / left.astype(np.float64) ** 2))


class Transient:
    """Gathers the latencies of the ``ok`` requests as the rows of a run pass.

    Five requests that were meant to be sent one after the other are one group; its value is the
    mean of those of them that ended ``ok``. 24 bytes a group are kept.
    """

    def __init__(self) -> None:
        self._sums = np.zeros(_ROOM)
        self._counts = np.zeros(_ROOM, np.int64)
        self._begins = np.full(_ROOM, ABSENT)

    def add(self, rows: NDArray[Any]) -> None:
        """Take the next rows, of `emu.recorder.rows.ROW`."""
        if not len(rows):
            return
        groups = rows["request"] // _TOGETHER
        self._make_room(int(groups.max()) + 1)
        first = rows["request"] % _TOGETHER == 0
        self._begins[groups[first]] = rows["intended_ns"][first]
        ok = rows["outcome"] == Outcome.OK
        latencies = (rows["done_ns"] - rows["intended_ns"])[ok].astype(np.float64)
        np.add.at(self._sums, groups[ok], latencies)
        np.add.at(self._counts, groups[ok], 1)

    def end(self) -> int:
        """When the warm-up was over, in nanoseconds; 0 where no request ended ``ok``."""
        groups = np.flatnonzero(self._counts)
        left_out = truncation(self._sums[groups] / self._counts[groups])
        return int(self._begins[groups[left_out]]) if left_out else 0

    def _make_room(self, groups: int) -> None:
        while len(self._sums) < groups:
            self._sums = np.append(self._sums, np.zeros_like(self._sums))
            self._counts = np.append(self._counts, np.zeros_like(self._counts))
            self._begins = np.append(self._begins, np.full_like(self._begins, ABSENT))
