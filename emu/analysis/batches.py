"""What is counted of each batch of a run (see `emu.analysis.division`)."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.analysis.division import BATCHES, division_of
from emu.analysis.log_linear import BUCKETS, LogLinear, no_sums, series_of, take
from emu.analysis.reading import Requests
from emu.kernel import kernel
from emu.recorder.rows import ABSENT

_LATENCY: Final = ("intended_ns", "done_ns")


@dataclass(frozen=True)
class Batches:
    """Counts of the batches all of which was counted, in their order.

    Everything is of requests that were meant to be sent after the warm-up.
    """

    requests: NDArray[np.int64]
    """How many there are in each."""
    outcomes: dict[str, NDArray[np.int64]]
    """Their attempts in each, by how they ended."""
    latency: tuple[LogLinear, ...]
    """Of the ``ok`` ones in each."""


def batches_of(requests: Requests) -> Batches:
    """The batches of a run that logged every request."""
    header = requests.header
    division = division_of(header.expected, header.end_ns)
    counted, outcomes = np.zeros(BATCHES, np.int64), np.zeros((0, BATCHES), np.int64)
    sums, histograms = no_sums(BATCHES), np.zeros((BATCHES, BUCKETS), np.int64)
    sent = 0
    for chunk in requests.chunks("request", "attempt", "outcome", *_LATENCY):
        first, later = chunk["attempt"] == 0, chunk["intended_ns"] >= division.first_ns
        sent += int(np.count_nonzero(first))
        batches = division.batch_of(chunk[division.column])
        counted += np.bincount(batches[first & later], minlength=BATCHES)
        names = len(requests.names["outcome"])
        more = np.bincount(
            chunk["outcome"][later] * BATCHES + batches[later], minlength=names * BATCHES
        ).reshape(names, BATCHES)
        more[: len(outcomes)] += outcomes
        outcomes = more
        ok = later & (chunk["outcome"] == requests.code("outcome", "ok"))
        durations = np.where(ok, chunk["done_ns"] - chunk["intended_ns"], ABSENT)
        _take_each(batches, durations, sums, histograms)
    whole = division.whole(header.end_ns, sent - int(counted.sum()), sent)
    by_name = zip(requests.names.get("outcome", ()), outcomes, strict=True)
    return Batches(
        requests=counted[whole],
        outcomes={name: counts[whole] for name, counts in by_name},
        latency=series_of(sums, histograms)[whole],
    )


@kernel
def _take_each(
    places: NDArray[np.int64],
    durations: NDArray[np.int64],
    sums: NDArray[Any],
    histograms: NDArray[np.int64],
) -> None:
    """Add each duration that there is to the series at its place."""
    for row in range(len(durations)):
        if durations[row] != ABSENT:
            take(sums, histograms, places[row], durations[row])
