"""The totals of a run from its rows as they pass, kept by nobody: memory does not grow.

Counts, sums, extremes and busy times are exact; for quantiles see `emu.analysis.log_linear`.
One thread of a shared AMD EPYC takes 35 ns a row.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.analysis.latency import SERIES, latencies_of
from emu.analysis.log_linear import BUCKETS, QUANTILE_ERROR, LogLinear, bucket_of
from emu.analysis.totals import Totals
from emu.kernel import kernel
from emu.recorder.places import Places
from emu.recorder.rows import ABSENT, ROW, Outcome

_FIELDS: Final = ROW.names or ()
_REQUEST, _ATTEMPT, _OUTCOME, _INTENDED, _NODE, _POD, _START, _END, _DONE = (
    _FIELDS.index(name)
    for name in (
        "request", "attempt", "outcome", "intended_ns", "node", "pod", "service_start_ns",
        "service_end_ns", "done_ns",
    )
)  # fmt: skip
_OK: Final = int(Outcome.OK)
_IN_FLIGHT: Final = int(Outcome.IN_FLIGHT)
# Places in the counts of requests.
_SENT, _COUNTED, _UNENDED, _LAST_UNENDED, _COUNTS = range(5)

_SERIES: Final = np.array(
    [[_FIELDS.index(name) for name in (starts[0], starts[-1], end)] for starts, end in
     SERIES.values()]
)  # fmt: skip
"""For each series the fields at which it starts, or else starts, and at which it ends."""

_SUMS: Final = np.dtype([(name, "i8") for name in ("count", "low", "high", "lowest", "highest")])
"""What is kept of a series beside its histogram; the sum is ``(high << 32) + low``."""

_LOW: Final = 2**32 - 1


class Streaming:
    """Counts the rows that an engine hands on; ``first_ns`` is the end of the warm-up.

    `add` every chunk, then ask for the `totals`. A service may go on after its row was handed on;
    what it is busy for depends on the end of the run, so such rows, at most one for each worker,
    are kept until the service is known to have ended.
    """

    def __init__(self, places: Places, first_ns: int) -> None:
        self._first_ns, self._latest_ns = first_ns, 0
        self._node_names = places.node_names
        self._pod_names = places.pod_names
        self._requests = np.zeros(_COUNTS, np.int64)
        self._requests[_LAST_UNENDED] = ABSENT
        self._outcomes = np.zeros(len(Outcome), np.int64)
        # ABSENT is -1, so what met no node or Pod counts at the place after the last.
        self._nodes = np.zeros(len(self._node_names) + 1, np.int64)
        self._pods = np.zeros(len(self._pod_names) + 1, np.int64)
        self._busy_ns = np.zeros(len(self._pod_names) + 1, np.int64)
        self._served = np.empty((0, len(_FIELDS)), np.int64)
        self._sums = np.zeros(len(_SERIES), _SUMS)
        self._sums["lowest"] = np.iinfo(np.int64).max
        self._histograms = np.zeros((len(_SERIES), BUCKETS), np.int64)

    def add(self, rows: NDArray[Any]) -> None:
        """Take the next rows, an array of `ROW` that may be reused afterwards."""
        if not len(rows):
            return
        table = rows.view(np.int64).reshape(len(rows), len(_FIELDS))
        _count(table, self._first_ns, self._requests, self._outcomes, self._nodes, self._pods)
        _measure(table, self._first_ns, _SERIES, self._sums, self._histograms)
        self._latest_ns = max(self._latest_ns, int(table[:, _DONE].max()))
        parts = (self._served, table)
        self._served = np.concatenate([self._unended(part, self._busy_ns) for part in parts])

    def totals(self, end_ns: int) -> Totals:
        """The totals of a run that ended at ``end_ns``, no earlier than any row's ``done_ns``."""
        self._latest_ns = max(self._first_ns, end_ns)
        served, busy_ns = self._served.copy(), self._busy_ns.copy()
        ends = served[:, _END]
        ends[(ends == ABSENT) | (ends > self._latest_ns)] = self._latest_ns
        self._unended(served, busy_ns)
        latency, by_hop = latencies_of(
            {name: self._series(number) for number, name in enumerate(SERIES)}
        )
        outcomes = zip(Outcome, self._outcomes.tolist(), strict=True)
        return Totals(
            outcomes={outcome.name.lower(): count for outcome, count in outcomes},
            sent=int(self._requests[_SENT]),
            in_flight=int(self._requests[_UNENDED]),
            counted=int(self._requests[_COUNTED]),
            nodes=dict(zip(self._node_names, self._nodes.tolist(), strict=False)),
            pods=dict(zip(self._pod_names, self._pods.tolist(), strict=False)),
            busy_ns=dict(zip(self._pod_names, busy_ns.astype(float).tolist(), strict=False)),
            latency=latency,
            latency_by_hop=by_hop,
            quantile_error=QUANTILE_ERROR,
        )

    def _unended(self, table: NDArray[np.int64], busy_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add what the services ended by now were busy for; the rows of the others."""
        unended = np.empty(len(table), np.bool_)
        _serve(table, self._first_ns, self._latest_ns, busy_ns, unended)
        return table[unended]

    def _series(self, number: int) -> LogLinear:
        sums = {name: int(self._sums[name][number]) for name in _SUMS.names or ()}
        return LogLinear(
            count=sums["count"],
            total=(sums["high"] << 32) + sums["low"],
            lowest=sums["lowest"],
            highest=sums["highest"],
            histogram=self._histograms[number],
        )


@kernel
def _count(
    table: NDArray[np.int64],
    first_ns: int,
    requests: NDArray[np.int64],
    outcomes: NDArray[np.int64],
    nodes: NDArray[np.int64],
    pods: NDArray[np.int64],
) -> None:
    """Count requests and outcomes, and after the warm-up places.

    Attempts of one request that are in flight follow one another: see `emu.analysis.totals`.
    """
    for row in range(len(table)):
        number, first = table[row, _REQUEST], table[row, _ATTEMPT] == 0
        outcomes[table[row, _OUTCOME]] += 1
        requests[_SENT] += first
        if table[row, _OUTCOME] == _IN_FLIGHT and requests[_LAST_UNENDED] != number:
            requests[_UNENDED] += 1
            requests[_LAST_UNENDED] = number
        if table[row, _INTENDED] >= first_ns:
            requests[_COUNTED] += first
            nodes[table[row, _NODE]] += 1
            pods[table[row, _POD]] += 1


@kernel
def _serve(
    table: NDArray[np.int64],
    first_ns: int,
    latest_ns: int,
    busy_ns: NDArray[np.int64],
    unended: NDArray[np.bool_],
) -> None:
    """Add the services that ended by ``latest_ns``, and mark those that began and did not."""
    for row in range(len(table)):
        pod, start, end = table[row, _POD], table[row, _START], table[row, _END]
        began = pod != ABSENT and start != ABSENT
        unended[row] = began and (end == ABSENT or end > latest_ns)
        if began and not unended[row]:
            busy_ns[pod] += max(0, end - max(start, first_ns))


@kernel
def _measure(
    table: NDArray[np.int64],
    first_ns: int,
    series: NDArray[np.int64],
    sums: NDArray[Any],
    histograms: NDArray[np.int64],
) -> None:
    """Add the durations of every series, of the requests that count for latency."""
    for row in range(len(table)):
        if table[row, _OUTCOME] != _OK or table[row, _INTENDED] < first_ns:
            continue
        for one in range(len(series)):
            start, end = table[row, series[one, 0]], table[row, series[one, 2]]
            if start == ABSENT:
                start = table[row, series[one, 1]]
            if start == ABSENT or end == ABSENT:
                continue
            duration = end - start
            low = sums["low"][one] + (duration & _LOW)
            sums["count"][one] += 1
            sums["low"][one] = low & _LOW
            sums["high"][one] += (duration >> 32) + (low >> 32)
            sums["lowest"][one] = min(sums["lowest"][one], duration)
            sums["highest"][one] = max(sums["highest"][one], duration)
            # No duration is below 0; compiled code would write outside the histogram if one were.
            histograms[one, bucket_of(max(0, duration))] += 1
