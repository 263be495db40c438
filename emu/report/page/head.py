"""What run it was, and its numbers."""

from emu.analysis.metrics import METRICS
from emu.analysis.summary import Summary
from emu.report.hops import HOPS, REPEATED
from emu.report.page.gathering import Gathered
from emu.report.page.parts import Cells, Section
from emu.report.words import count, percent, seconds


def section(run: Gathered) -> Section:
    """Outcomes, latency in total and by hop, and what is to be kept in mind."""
    parts: list[Cells | str] = [*_words(run), _outcomes(run.summary), _latency(run.summary)]
    return Section("numbers", "Numbers", [*parts, *_notes(run)])


def _words(run: Gathered) -> list[str]:
    summary = run.summary
    window = summary.window
    words = f"{seconds(window.end_seconds)} simulated with seed {summary.seed} "
    words += f"by the {summary.engine} engine"
    if window.start_seconds:
        words += (
            f"; requests of the first {seconds(window.start_seconds)} are left out of all "
            "numbers but those of requests and outcomes"
        )
    requests = summary.requests
    sums = (
        f"{count(requests.sent)} sent = {count(requests.ok)} ok + {count(requests.failed)} failed"
        f" + {count(requests.in_flight)} in flight at the end"
    )
    if summary.attempts.sent > requests.sent:
        sums += f"; {count(summary.attempts.sent)} attempts"
        sums += f", {summary.attempts.per_request:.3f} for each request"
    return [f"{words}.", f"{sums}."]


def _outcomes(summary: Summary) -> Cells:
    what = "Attempts" if summary.attempts.sent > summary.requests.sent else "Requests"
    return Cells(
        f"{what} by outcome",
        ("outcome", what.lower(), "share"),
        [
            (name, count(number), percent(number / summary.attempts.sent))
            for name, number in summary.outcomes.items()
        ],
    )


def _latency(summary: Summary) -> Cells:
    whole = summary.latency_seconds
    rows = [
        (
            "in total", seconds(whole.mean), seconds(whole.p50), seconds(whole.p90),
            seconds(whole.p95), seconds(whole.p99), seconds(whole.p99_9), seconds(whole.max), "",
        )
    ]  # fmt: skip
    for name, hop in summary.latency_by_hop_seconds.items():
        if hop.count:
            share = percent(hop.mean / whole.mean) if hop.mean and whole.mean else percent(0.0)
            rows.append(
                (
                    _hop(name, summary), seconds(hop.mean), seconds(hop.p50), "", "",
                    seconds(hop.p99), "", "", share,
                )
            )  # fmt: skip
    return Cells(
        "Latency of the requests that ended ok, from the moment they were meant to be sent",
        ("", "mean", "p50", "p90", "p95", "p99", "p99.9", "max", "share"),
        rows,
    )


def _hop(name: str, summary: Summary) -> str:
    repeated = name == "dns" and summary.attempts.sent > summary.requests.sent
    return REPEATED if repeated else HOPS.get(name, name)


def _notes(run: Gathered) -> list[str]:
    summary = run.summary
    notes = []
    if summary.partial:
        notes.append("Warning: the run was ended before its time.")
    if summary.log != "requests":
        rows = (
            f"rows of {summary.log_share * 100:g} % of them were logged"
            if summary.log_share
            else "no rows were logged"
        )
        notes.append(
            f"The numbers are those of all requests, quantiles within "
            f"{summary.quantile_error * 100:.1g} %; {rows}."
        )
    if (peak := _busiest(summary)) is not None and peak > 0.9:
        notes.append(f"Warning: the busiest Pod spent {percent(peak)} of its time serving.")
    return notes


def _busiest(summary: Summary) -> float | None:
    (metric,) = (one for one in METRICS if one.name == "busiest_pod_utilisation")
    return metric.of(summary)
