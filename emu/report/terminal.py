"""A run's summary for a terminal, in 80 columns."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.text import Text

from emu.analysis.latency import HopLatency
from emu.analysis.summary import Summary
from emu.recorder.timing import Timing
from emu.report.confidence import caveats, ends
from emu.report.hops import HOPS, REPEATED
from emu.report.profile import profile_view
from emu.report.shares import node_table, pod_table
from emu.report.tables import table
from emu.report.words import count, percent, seconds

_LATENCIES = ("mean", "p50", "p90", "p95", "p99", "p99.9", "max")
_FEW = 20
"""So close to half of the requests, a warm-up that was found is the longest that is looked for."""


def summary_view(
    summary: Summary,
    run_dir: str | None = None,
    timing: Timing | None = None,
    timeline: Sequence[RenderableType] = (),
) -> RenderableType:
    """The summary as rich prints it, what happened, and where the run is and how long it took,
    where given."""
    parts: list[RenderableType] = [_head(summary), _outcomes(summary), _latency(summary)]
    if summary.latency_seconds.count:
        parts.append(_hops(summary))
    if any(node.requests for node in summary.nodes.values()):
        parts.append(node_table(summary))
    if any(pod.requests for pod in summary.pods.values()):
        parts.append(pod_table(summary))
    parts += timeline
    if timing is not None and timing.profile is not None:
        parts += profile_view(timing.profile)
    parts += _foot(run_dir, timing)
    return Group(*_spaced(parts))


def _head(summary: Summary) -> RenderableType:
    words = Text.assemble(
        (summary.scenario, "bold"), f"  seed {summary.seed}  {summary.engine} engine"
    )
    if summary.partial:
        words.append("  ended before its time", "bold yellow")
    words.append(_logged(summary))
    window = summary.window
    words.append(f"\n{seconds(window.end_seconds)} simulated")
    if window.found_by:
        length = seconds(window.start_seconds) if window.start_seconds else "none"
        words.append(f"; warm-up {length}, found by {window.found_by}")
        if 2 * window.requests < summary.requests.sent + _FEW:
            words.append("\nno end of the warm-up in the first half of the run: it is too short")
    elif window.start_seconds:
        words.append(
            f"; requests of the first {seconds(window.start_seconds)} are left out of the "
            "statistics"
        )
    return words


def _logged(summary: Summary) -> str:
    """What of the requests is written, where it is not all."""
    if summary.log == "requests":
        return ""
    rows = f"rows of {summary.log_share * 100:g} % of them" if summary.log_share else "no rows"
    within = f"{summary.quantile_error * 100:.1g} %"
    return f"\nnumbers of all requests, quantiles within {within}; {rows} logged"


def _outcomes(summary: Summary) -> RenderableType:
    requests, attempts = summary.requests, summary.attempts
    made = table("Attempts" if _repeats(summary) else "Requests", "number", "share")
    styles = {"ok": "green", "in_flight": "dim", "cancelled": "dim"}
    for outcome, number in summary.outcomes.items():
        share = percent(number / attempts.sent)
        made.add_row(outcome, count(number), share, style=styles.get(outcome, "red"))
    total = Text(
        f"{count(requests.sent)} sent = {count(requests.ok)} ok + {count(requests.failed)} failed"
        f" + {count(requests.in_flight)} in flight",
        "dim",
    )
    if _repeats(summary):
        total.append(
            f"\n{count(attempts.sent)} attempts, {attempts.per_request:.3f} for each request"
        )
    return Group(made, total)


def _repeats(summary: Summary) -> bool:
    """Whether some requests had several attempts."""
    return summary.attempts.sent > summary.requests.sent


def _latency(summary: Summary) -> RenderableType:
    latency = summary.latency_seconds
    made = table("Latency", *_LATENCIES)
    values = (
        latency.mean, latency.p50, latency.p90, latency.p95, latency.p99, latency.p99_9,
        latency.max,
    )  # fmt: skip
    made.add_row("in total", *(seconds(value) for value in values))
    for name, row in ends(summary.intervals, _LATENCIES):
        made.add_row(name, *row, style="dim")
    said = caveats(summary.intervals)
    return Group(made, said) if said else made


def _hops(summary: Summary) -> RenderableType:
    made = table("Latency by hop", "mean", "p50", "p99", "share")
    made.add_column(width=12)
    whole = summary.latency_seconds.mean
    for name, hop in summary.latency_by_hop_seconds.items():
        if hop.count:
            words = REPEATED if name == "dns" and _repeats(summary) else HOPS.get(name, name)
            made.add_row(words, *_hop(hop, whole))
    return made


def _hop(hop: HopLatency, whole: float | None) -> Iterable[RenderableType]:
    part = hop.mean / whole if hop.mean is not None and whole else 0.0
    bar = ProgressBar(total=1.0, completed=part, width=12, complete_style="cyan", style="dim")
    return seconds(hop.mean), seconds(hop.p50), seconds(hop.p99), percent(part), bar


def _foot(run_dir: str | None, timing: Timing | None) -> list[RenderableType]:
    lines = []
    if timing is not None:
        took, rate = seconds(timing.wall_seconds), timing.requests_per_second
        lines.append(f"took {took}, {rate:,.0f} requests/s")
    if run_dir is not None:
        lines.append(run_dir)
    return [Text("\n".join(lines), overflow="fold")] if lines else []


def _spaced(parts: list[RenderableType]) -> list[RenderableType]:
    """An empty line between any two."""
    return [piece for part in parts for piece in (part, "")][:-1]
