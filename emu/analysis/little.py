"""Little's law: the mean number in a system is the arrival rate times the mean time in it.

Source: J. D. C. Little, "A proof for the queuing formula L = lambda W", Operations Research 9(3),
1961. It holds for the whole path and for every queue on it, whatever the distributions.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from emu.analysis.reading import Requests
from emu.analysis.utilisation import window, within
from emu.recorder.rows import ABSENT
from emu.units import SECOND


class Little(NamedTuple):
    """The three quantities of the law, each measured by itself."""

    mean_number: float
    """L: time average of the number in the system, over the window."""
    rate: float
    """lambda: arrivals per second in the window."""
    mean_seconds: float
    """W: mean time in the system of those that arrived in the window and left."""


def little(folder: Path, start: str = "intended_ns", end: str = "done_ns") -> Little:
    """The law between two moments of a request, such as ``pod_ns`` and ``service_end_ns``.

    A request that began and never ended stays in the system to the end of the run.
    """
    requests = Requests(folder)
    first, last = window(requests.header)
    number_ns = arrived = left = time_ns = 0
    for chunk in requests.chunks(start, end):
        number_ns += int(within(chunk, start, end, (first, last)).sum())
        counted = (chunk[start] >= first) & (chunk[start] < last)
        gone = counted & (chunk[end] != ABSENT)
        arrived += int(np.count_nonzero(counted))
        left += int(np.count_nonzero(gone))
        time_ns += int((chunk[end] - chunk[start])[gone].sum())
    seconds = (last - first) / SECOND
    return Little(
        number_ns / (last - first) if seconds else 0.0,
        arrived / seconds if seconds else 0.0,
        time_ns / (left * SECOND) if left else 0.0,
    )
