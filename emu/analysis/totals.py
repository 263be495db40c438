"""What a summary is made of, whichever way it was counted: afterwards, or while the run went on."""

from dataclasses import dataclass

import numpy as np

from emu.analysis.balance import counts_by
from emu.analysis.batches import Batches, batches_of
from emu.analysis.latency import HopLatency, Latency, latencies
from emu.analysis.reading import Requests
from emu.analysis.utilisation import busy_ns


@dataclass(frozen=True)
class Totals:
    """Counts, busy time and latency of all requests of a run, by name.

    ``outcomes`` has every attempt, ``busy_ns`` every nanosecond of service within the window, all
    else what was meant to be sent after the warm-up: ``counted`` requests. A request's first
    attempt stands for it where requests are counted.
    """

    outcomes: dict[str, int]
    sent: int
    """All requests, the warm-up included."""
    in_flight: int
    """Those of them that had an attempt in flight when the run ended."""
    counted: int
    nodes: dict[str, int]
    pods: dict[str, int]
    busy_ns: dict[str, float]
    latency: Latency
    latency_by_hop: dict[str, HopLatency]
    batches: Batches
    quantile_error: float = 0.0
    """The largest relative error of the latencies' quantiles; all other numbers are exact."""


def totals_of(requests: Requests) -> Totals:
    """The totals of a run that logged every request: all exact, in memory that does not grow."""
    latency, by_hop = latencies(requests)
    return Totals(
        outcomes=_outcomes(requests),
        sent=_sent(requests),
        in_flight=_in_flight(requests),
        counted=_counted(requests),
        nodes=counts_by(requests, "node"),
        pods=counts_by(requests, "pod"),
        busy_ns=busy_ns(requests),
        latency=latency,
        latency_by_hop=by_hop,
        batches=batches_of(requests),
    )


def _outcomes(requests: Requests) -> dict[str, int]:
    counts: dict[str, int] = {}
    for chunk in requests.chunks("outcome"):
        names = requests.names["outcome"]
        for name, count in zip(names, np.bincount(chunk["outcome"]).tolist(), strict=False):
            counts[name] = counts.get(name, 0) + count
    return counts


def _sent(requests: Requests) -> int:
    return sum(int(np.count_nonzero(chunk["attempt"] == 0)) for chunk in requests.chunks("attempt"))


def _in_flight(requests: Requests) -> int:
    """Attempts of one request that are in flight follow one another: at the end of a run, those
    under way come in the order of their numbers."""
    count, last = 0, -1
    for chunk in requests.chunks("outcome", "request"):
        which = chunk["outcome"] == requests.code("outcome", "in_flight")
        numbers = chunk["request"][which]
        count += int(np.count_nonzero(np.diff(numbers, prepend=last)))
        last = int(numbers[-1]) if len(numbers) else last
    return count


def _counted(requests: Requests) -> int:
    first = requests.header.expected.warmup_ns
    return sum(
        int(np.count_nonzero((chunk["intended_ns"] >= first) & (chunk["attempt"] == 0)))
        for chunk in requests.chunks("intended_ns", "attempt")
    )
