"""The numbers of a run that runs are compared by; all leave out the warm-up."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from emu.analysis.balance import Share
from emu.analysis.summary import Summary


class Metric(NamedTuple):
    """One number of a run: ``of`` takes it from the summary; None where there is none."""

    name: str
    words: str
    """What a table calls it."""
    unit: str
    """``s``, ``1/s``, ``share`` of a whole, or ``ratio``."""
    meaning: str
    of: Callable[[Summary], float | None]
    is_quantile: bool = False
    more_is_better: bool = False

    def error_of(self, summary: Summary) -> float:
        """How far the true number may be from what the summary says; 0 where that is exact.

        A quantile from a histogram is the true one times (1 + e), where \\|e\\| <= quantile_error.
        """
        error = summary.quantile_error if self.is_quantile else 0.0
        return (self.of(summary) or 0.0) * error / (1 - error)


def _ok_share(summary: Summary) -> float | None:
    sent = summary.window.requests
    return summary.latency_seconds.count / sent if sent else None


def _error_share(summary: Summary) -> float | None:
    ended = summary.requests.ok + summary.requests.failed
    return summary.requests.failed / ended if ended else None


def _ok_per_second(summary: Summary) -> float | None:
    seconds = summary.window.end_seconds - summary.window.start_seconds
    return summary.latency_seconds.count / seconds if seconds > 0 else None


def _busiest(summary: Summary) -> float | None:
    known = [pod.utilisation for pod in summary.pods.values() if pod.utilisation is not None]
    return max(known, default=None)


def peak_to_mean(places: Mapping[str, Share]) -> float | None:
    """Requests of the place that got the most / the mean of all; 1 where all got the same.

    As for Jain's index, a place that neither should get a request nor got one is no part of it.
    """
    counts = [place.requests for place in places.values() if place.requests or place.expected_share]
    return max(counts) * len(counts) / sum(counts) if any(counts) else None


def _latency(name: str, words: str, attribute: str, meaning: str) -> Metric:
    return Metric(
        f"latency_{name}_seconds", f"latency {words}", "s", meaning,
        lambda summary: getattr(summary.latency_seconds, attribute),
        is_quantile=name.startswith("p"),
    )  # fmt: skip


METRICS: Final = (
    _latency("mean", "mean", "mean", "mean latency of the requests that ended ok"),
    *(
        _latency(name, words, name, f"latency that {share} of the ok requests do not exceed")
        for name, words, share in (
            ("p50", "p50", "half"),
            ("p90", "p90", "90 %"),
            ("p99", "p99", "99 %"),
            ("p99_9", "p99.9", "99.9 %"),
        )
    ),
    Metric(
        "ok_share", "ok share", "share",
        "share of the requests that were answered ok before the end of the run",
        _ok_share, more_is_better=True,
    ),
    Metric(
        "ok_per_second", "ok per second", "1/s", "requests that ended ok, per simulated second",
        _ok_per_second, more_is_better=True,
    ),
    Metric(
        "node_peak_to_mean", "node max / mean", "ratio",
        "requests of the node with the most / mean of the nodes",
        lambda summary: peak_to_mean(summary.nodes),
    ),
    Metric(
        "pod_peak_to_mean", "Pod max / mean", "ratio",
        "requests of the Pod with the most / mean of the Pods",
        lambda summary: peak_to_mean(summary.pods),
    ),
    Metric(
        "busiest_pod_utilisation", "busiest Pod", "share",
        "share of its workers' time that the busiest Pod spent serving", _busiest,
    ),
)  # fmt: skip
"""In the order in which they are shown."""

OBJECTIVES: Final = (
    _latency("p95", "p95", "p95", "latency that 95 % of the ok requests do not exceed"),
    _latency("max", "max", "max", "longest latency of the ok requests"),
    Metric(
        "error_share", "errors", "share", "failed / (ok + failed) requests of the whole run",
        _error_share,
    ),
)  # fmt: skip
"""What objectives may be about beside these."""
