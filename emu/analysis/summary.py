"""The numbers of a run in one place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from emu.analysis.balance import Balance, Share, balance, shares
from emu.analysis.intervals import Intervals, intervals_of
from emu.analysis.latency import HopLatency, Latency
from emu.analysis.reading import Requests
from emu.analysis.totals import Totals, totals_of
from emu.analysis.utilisation import utilisation, window
from emu.analysis.warmup import METHOD
from emu.recorder.header import Header
from emu.units import SECOND


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Window(_Part):
    """The part of the run that the statistics are of; simulated seconds."""

    start_seconds: float
    """End of the warm-up."""
    end_seconds: float
    """End of the run."""
    requests: int
    """Requests meant to be sent in it."""
    found_by: str | None = None
    """How the end of the warm-up was found, as by MSER-5; None where it was given."""


class RequestCounts(_Part):
    """Every request of the run, the warm-up included: sent = ok + failed + in flight.

    A request of several attempts is ok if one of them is, else in flight if one of them is. One
    that waits to be tried again when the run ends has failed.
    """

    sent: int
    ok: int
    failed: int
    in_flight: int


class AttemptCounts(_Part):
    """Every attempt of these requests."""

    sent: int
    per_request: float | None = None
    """None where nothing was sent."""


class PodShare(Share):
    """What one Pod got of the requests, and how busy it was."""

    utilisation: float | None = None
    """Share of the workers' time that was spent serving; None where the workers are unknown."""
    implied_utilisation: float | None = None
    """What the load implies: arrival rate x mean service time / workers, above 1 in overload."""


class Summary(_Part):
    """The numbers of a run, of all its requests; ``summary.json`` holds it.

    Latencies, shares and balances leave out requests meant to be sent during the warm-up. What
    nodes and Pods got is attempts.
    """

    scenario: str
    seed: int
    engine: str
    partial: bool
    """The run was ended before its time."""
    log: str
    """What is written of the requests: all ``requests``, a ``sample``, or the ``summary`` alone."""
    log_share: float
    """Share of the requests that this is."""
    quantile_error: float
    """Largest relative error of the latencies' quantiles, 0 where they are exact; all other numbers
    are exact whatever is written."""
    window: Window
    requests: RequestCounts
    attempts: AttemptCounts
    outcomes: dict[str, int]
    """Attempts by how they ended, as many as there are of each; without retries and hedges, these
    are the requests."""
    latency_seconds: Latency
    """Of requests that ended ``ok``, from the moment they were meant to be sent."""
    latency_by_hop_seconds: dict[str, HopLatency]
    """Of the same requests, part by part of their way."""
    intervals: Intervals
    """How sure the latencies and shares are."""
    nodes: dict[str, Share]
    node_balance: Balance
    pods: dict[str, PodShare]
    pod_balance: Balance

    def document(self) -> dict[str, Any]:
        """The summary as JSON takes it: plain values, no NaN, the same for the same run."""
        return self.model_dump(mode="json")

    def json_document(self, run_dir: str, timing: Mapping[str, Any]) -> dict[str, Any]:
        """`document` with where the run is and how long it took on the wall clock."""
        return self.document() | {"run_dir": run_dir, **timing}


def summarise(folder: Path) -> Summary:
    """The numbers of the run in ``folder``; raises ResultsError where not all its requests are.

    Memory does not grow with the number of requests.
    """
    requests = Requests(folder)
    return summary_of(requests.header, totals_of(requests))


def summary_of(header: Header, totals: Totals) -> Summary:
    """The numbers of the run with this header, of which these are the totals."""
    nodes = shares(totals.nodes, header.expected.nodes)
    pods = shares(totals.pods, header.expected.pods)
    busy = utilisation(totals.busy_ns, header)
    outcomes = _by_number(totals.outcomes)
    first, last = window(header)
    return Summary(
        scenario=header.scenario,
        seed=header.seed,
        engine=header.engine,
        partial=header.partial,
        log=header.log,
        log_share=header.log_share,
        quantile_error=totals.quantile_error,
        window=Window(
            start_seconds=first / SECOND,
            end_seconds=last / SECOND,
            requests=totals.counted,
            found_by=METHOD if header.expected.warmup_found else None,
        ),
        requests=_request_counts(totals),
        attempts=_attempt_counts(totals),
        outcomes=outcomes,
        latency_seconds=totals.latency,
        latency_by_hop_seconds=totals.latency_by_hop,
        intervals=intervals_of(totals.batches),
        nodes=nodes,
        node_balance=balance(nodes),
        pods={
            name: PodShare(
                **share.model_dump(),
                utilisation=busy.get(name),
                implied_utilisation=header.expected.utilisation.get(name),
            )
            for name, share in pods.items()
        },
        pod_balance=balance(pods),
    )


def _by_number(outcomes: dict[str, int]) -> dict[str, int]:
    """The outcomes that there were, the most frequent first."""
    met = [(name, count) for name, count in outcomes.items() if count]
    return dict(sorted(met, key=lambda item: (-item[1], item[0])))


def _request_counts(totals: Totals) -> RequestCounts:
    """No request has two attempts that are ok, or one that is and one in flight."""
    sent, ok, in_flight = totals.sent, totals.outcomes.get("ok", 0), totals.in_flight
    return RequestCounts(sent=sent, ok=ok, failed=sent - ok - in_flight, in_flight=in_flight)


def _attempt_counts(totals: Totals) -> AttemptCounts:
    sent = sum(totals.outcomes.values())
    return AttemptCounts(sent=sent, per_request=sent / totals.sent if totals.sent else None)
