"""The numbers of a run in one place."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from emu.analysis.balance import Balance, Share, balance, counts_by, shares
from emu.analysis.latency import HopLatency, Latency, latencies
from emu.analysis.reading import Requests
from emu.analysis.utilisation import utilisation, window
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


class RequestCounts(_Part):
    """Every request of the run, the warm-up included: sent = ok + failed + in flight."""

    sent: int
    ok: int
    failed: int
    in_flight: int


class PodShare(Share):
    """What one Pod got of the requests, and how busy it was."""

    utilisation: float | None = None
    """Share of the workers' time that was spent serving; None where the workers are unknown."""
    implied_utilisation: float | None = None
    """What the load implies: arrival rate x mean service time / workers, above 1 in overload."""


class Summary(_Part):
    """The numbers of a run: `summarise` makes it, ``summary.json`` holds it.

    Latencies, shares and balances leave out requests meant to be sent during the warm-up.
    """

    scenario: str
    seed: int
    engine: str
    partial: bool
    """The run was ended before its time."""
    window: Window
    requests: RequestCounts
    outcomes: dict[str, int]
    """Requests by how they ended, as many as there are of each."""
    latency_seconds: Latency
    """Of requests that ended ``ok``, from the moment they were meant to be sent."""
    latency_by_hop_seconds: dict[str, HopLatency]
    """Of the same requests, part by part of their way."""
    nodes: dict[str, Share]
    node_balance: Balance
    pods: dict[str, PodShare]
    pod_balance: Balance

    def document(self) -> dict[str, Any]:
        """The summary as JSON takes it: plain values, no NaN, the same for the same run."""
        return self.model_dump(mode="json")

    def json_document(
        self, run_dir: str, wall_seconds: float, requests_per_second: float
    ) -> dict[str, Any]:
        """`document` with where the run is and how long it took on the wall clock."""
        return self.document() | {
            "run_dir": run_dir,
            "wall_seconds": wall_seconds,
            "requests_per_second": requests_per_second,
        }


def summarise(folder: Path) -> Summary:
    """The numbers of the run in ``folder``; raises ResultsError where there is none.

    Memory does not grow with the number of requests.
    """
    requests = Requests(folder)
    header = requests.header
    latency, by_hop = latencies(requests)
    nodes = shares(counts_by(requests, "node"), header.expected.nodes)
    pods = shares(counts_by(requests, "pod"), header.expected.pods)
    busy = utilisation(requests)
    outcomes = _outcomes(requests)
    return Summary(
        scenario=header.scenario,
        seed=header.seed,
        engine=header.engine,
        partial=header.partial,
        window=_window(requests),
        requests=_request_counts(outcomes),
        outcomes=outcomes,
        latency_seconds=latency,
        latency_by_hop_seconds=by_hop,
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


def _outcomes(requests: Requests) -> dict[str, int]:
    counts: dict[str, int] = {}
    for chunk in requests.chunks("outcome"):
        names = requests.names["outcome"]
        for name, count in zip(names, np.bincount(chunk["outcome"]).tolist(), strict=False):
            if count:
                counts[name] = counts.get(name, 0) + count
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _request_counts(outcomes: dict[str, int]) -> RequestCounts:
    sent, ok, in_flight = (
        sum(outcomes.values()), outcomes.get("ok", 0), outcomes.get("in_flight", 0),
    )  # fmt: skip
    return RequestCounts(sent=sent, ok=ok, failed=sent - ok - in_flight, in_flight=in_flight)


def _window(requests: Requests) -> Window:
    first, last = window(requests)
    counted = sum(
        int(np.count_nonzero(chunk["intended_ns"] >= first))
        for chunk in requests.chunks("intended_ns")
    )
    return Window(start_seconds=first / SECOND, end_seconds=last / SECOND, requests=counted)
