"""The totals of a run from its rows as they pass, kept by nobody: memory does not grow.

Counts, sums, extremes and busy times are exact; for quantiles see `emu.analysis.log_linear`.
One thread of a shared AMD EPYC takes 50 ns a row, of which 7 for the batches.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.analysis.batches import Batches
from emu.analysis.division import BATCHES, Division, batch_of
from emu.analysis.latency import SERIES, TOTAL, latencies_of
from emu.analysis.log_linear import BUCKETS, QUANTILE_ERROR, no_sums, series_of, take, together
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
_SENT, _UNENDED, _LAST_UNENDED, _COUNTS = range(4)

_SERIES: Final = np.array(
    [[_FIELDS.index(name) for name in (starts[0], starts[-1], end)] for starts, end in
     SERIES.values()]
)  # fmt: skip
"""For each series the fields at which it starts, or else starts, and at which it ends."""


class Streaming:
    """Counts the rows that an engine hands on, and by the batches of ``division`` what is in each.

    `add` every chunk, then ask for the `totals`. A service may go on after its row was handed on;
    what it is busy for depends on the end of the run, so such rows, at most one for each worker,
    are kept until the service is known to have ended.
    """

    def __init__(self, places: Places, division: Division) -> None:
        self._division = division
        self._first_ns, self._latest_ns = division.first_ns, 0
        self._cut = (_FIELDS.index(division.column), division.start, division.scale)
        self._node_names = places.node_names
        self._pod_names = list(places.pod_names)
        self._requests = np.zeros(_COUNTS, np.int64)
        self._requests[_LAST_UNENDED] = ABSENT
        self._counted = np.zeros(BATCHES, np.int64)
        # The last place is that of the warm-up.
        self._outcomes = np.zeros((len(Outcome), BATCHES + 1), np.int64)
        # ABSENT is -1, so what met no node or Pod counts at the place after the last.
        self._nodes = np.zeros(len(self._node_names) + 1, np.int64)
        self._pods = np.zeros(len(self._pod_names) + 1, np.int64)
        self._busy_ns = np.zeros(len(self._pod_names) + 1, np.int64)
        self._served = np.empty((0, len(_FIELDS)), np.int64)
        self._sums = no_sums(BATCHES - 1 + len(SERIES))
        self._histograms = np.zeros((len(self._sums), BUCKETS), np.int64)

    def add_pod(self, name: str) -> None:
        """The next number stands for this Pod."""
        self._pod_names.append(name)
        # What met no Pod stays at the place after the last.
        self._pods = np.insert(self._pods, -1, 0)
        self._busy_ns = np.insert(self._busy_ns, -1, 0)

    def add(self, rows: NDArray[Any]) -> None:
        """Take the next rows, an array of `ROW` that may be reused afterwards."""
        if not len(rows):
            return
        table = rows.view(np.int64).reshape(len(rows), len(_FIELDS))
        _count(
            table, self._first_ns, *self._cut, self._requests, self._counted, self._outcomes,
            self._nodes, self._pods,
        )  # fmt: skip
        _measure(table, self._first_ns, *self._cut, _SERIES, self._sums, self._histograms)
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
        series = series_of(self._sums, self._histograms)
        of_hops = zip([name for name in SERIES if name != TOTAL], series[BATCHES:], strict=True)
        latency, by_hop = latencies_of({TOTAL: together(series[:BATCHES]), **dict(of_hops)})
        sent, counted = int(self._requests[_SENT]), int(self._counted.sum())
        whole = self._division.whole(end_ns, sent - counted, sent)
        return Totals(
            outcomes=self._by_outcome(self._outcomes.sum(axis=1).tolist()),
            sent=sent,
            in_flight=int(self._requests[_UNENDED]),
            counted=counted,
            nodes=dict(zip(self._node_names, self._nodes.tolist(), strict=False)),
            pods=dict(zip(self._pod_names, self._pods.tolist(), strict=False)),
            busy_ns=dict(zip(self._pod_names, busy_ns.astype(float).tolist(), strict=False)),
            latency=latency,
            latency_by_hop=by_hop,
            batches=Batches(
                requests=self._counted[whole],
                outcomes=self._by_outcome(self._outcomes[:, :BATCHES][:, whole]),
                latency=series[:BATCHES][whole],
            ),
            quantile_error=QUANTILE_ERROR,
        )

    def _by_outcome(self, counts: Iterable[Any]) -> dict[str, Any]:
        return {outcome.name.lower(): count for outcome, count in zip(Outcome, counts, strict=True)}

    def _unended(self, table: NDArray[np.int64], busy_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add what the services ended by now were busy for; the rows of the others."""
        unended = np.empty(len(table), np.bool_)
        _serve(table, self._first_ns, self._latest_ns, busy_ns, unended)
        return table[unended]


@kernel
def _count(
    table: NDArray[np.int64],
    first_ns: int,
    column: int,
    start: int,
    scale: float,
    requests: NDArray[np.int64],
    counted: NDArray[np.int64],
    outcomes: NDArray[np.int64],
    nodes: NDArray[np.int64],
    pods: NDArray[np.int64],
) -> None:
    """Count requests and outcomes, and after the warm-up places; by batches, too.

    Attempts of one request that are in flight follow one another: see `emu.analysis.totals`.
    """
    for row in range(len(table)):
        number, first = table[row, _REQUEST], table[row, _ATTEMPT] == 0
        batch = BATCHES
        requests[_SENT] += first
        if table[row, _OUTCOME] == _IN_FLIGHT and requests[_LAST_UNENDED] != number:
            requests[_UNENDED] += 1
            requests[_LAST_UNENDED] = number
        if table[row, _INTENDED] >= first_ns:
            batch = batch_of(table[row, column], start, scale)
            counted[batch] += first
            nodes[table[row, _NODE]] += 1
            pods[table[row, _POD]] += 1
        outcomes[table[row, _OUTCOME], batch] += 1


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
    column: int,
    start: int,
    scale: float,
    series: NDArray[np.int64],
    sums: NDArray[Any],
    histograms: NDArray[np.int64],
) -> None:
    """Add the durations of every series, of the requests that count for latency.

    The first series, the whole latency, has a place for each batch; the others come after them.
    """
    for row in range(len(table)):
        if table[row, _OUTCOME] != _OK or table[row, _INTENDED] < first_ns:
            continue
        place = batch_of(table[row, column], start, scale)
        for one in range(len(series)):
            begin, end = table[row, series[one, 0]], table[row, series[one, 2]]
            if begin == ABSENT:
                begin = table[row, series[one, 1]]
            if begin != ABSENT and end != ABSENT:
                take(sums, histograms, place, end - begin)
            place = BATCHES + one
