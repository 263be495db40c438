"""What a summary is made of, whichever way it was counted: afterwards, or while the run went on."""

from dataclasses import dataclass

import numpy as np

from emu.analysis.balance import counts_by
from emu.analysis.latency import HopLatency, Latency, latencies
from emu.analysis.reading import Requests
from emu.analysis.utilisation import busy_ns


@dataclass(frozen=True)
class Totals:
    """Counts, busy time and latency of all requests of a run, by name.

    ``outcomes`` has every request, ``busy_ns`` every nanosecond of service within the window, all
    else the requests meant to be sent after the warm-up, of which there are ``counted``.
    """

    outcomes: dict[str, int]
    counted: int
    nodes: dict[str, int]
    pods: dict[str, int]
    busy_ns: dict[str, float]
    latency: Latency
    latency_by_hop: dict[str, HopLatency]
    quantile_error: float = 0.0
    """The largest relative error of the latencies' quantiles; all other numbers are exact."""


def totals_of(requests: Requests) -> Totals:
    """The totals of a run that logged every request: all exact, in memory that does not grow."""
    latency, by_hop = latencies(requests)
    return Totals(
        outcomes=_outcomes(requests),
        counted=_counted(requests),
        nodes=counts_by(requests, "node"),
        pods=counts_by(requests, "pod"),
        busy_ns=busy_ns(requests),
        latency=latency,
        latency_by_hop=by_hop,
    )


def _outcomes(requests: Requests) -> dict[str, int]:
    counts: dict[str, int] = {}
    for chunk in requests.chunks("outcome"):
        names = requests.names["outcome"]
        for name, count in zip(names, np.bincount(chunk["outcome"]).tolist(), strict=False):
            counts[name] = counts.get(name, 0) + count
    return counts


def _counted(requests: Requests) -> int:
    first = requests.header.expected.warmup_ns
    return sum(
        int(np.count_nonzero(chunk["intended_ns"] >= first))
        for chunk in requests.chunks("intended_ns")
    )
