"""Several runs side by side: their numbers in a table, their latencies on one pair of axes."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from emu.analysis.comparison import estimate
from emu.analysis.latency import TOTAL
from emu.analysis.metrics import METRICS
from emu.report.intervals import mean
from emu.report.page import charts
from emu.report.page.distribution import bins_per_doubling
from emu.report.page.gathering import Gathered
from emu.report.page.parts import Cells, Chart, Section
from emu.report.page.tails import tail
from emu.report.words import count, percent, seconds
from emu.units import SECOND


def section(runs: Sequence[Gathered]) -> Section:
    """The runs in the order given. They are single runs: no interval says how sure a difference
    is.
    """
    parts: list[Chart | Cells | str] = [
        "Single runs side by side: a difference may be chance. emu compare says how sure one is.",
        _table(runs),
    ]
    spread = {
        run.name: run.rows.spread.series[TOTAL]
        for run in runs
        if run.rows is not None and run.rows.spread.series[TOTAL].count
    }
    if spread:
        parts += [_histograms(runs), tail(spread, "Tails")]
    missing = [run.name for run in runs if run.name not in spread]
    if missing:
        parts.append(f"No rows to draw latencies from: {', '.join(missing)}.")
    return Section("overview", "Side by side", parts)


def _table(runs: Sequence[Gathered]) -> Cells:
    rows = []
    for metric in METRICS:
        values = [metric.of(run.summary) for run in runs]
        rows.append(
            (
                metric.words,
                *(
                    mean(metric, estimate([] if value is None else [value], 0.95))
                    for value in values
                ),
            )
        )
    rows.append(("requests sent", *(count(run.summary.requests.sent) for run in runs)))
    rows.append(("failed", *(count(run.summary.requests.failed) for run in runs)))
    return Cells("Metrics of each run", ("", *(run.name for run in runs)), rows)


def _histograms(runs: Sequence[Gathered]) -> Chart:
    rows: list[dict[str, Any]] = []
    lines = []
    drawn = [run for run in runs if run.rows is not None]
    per_doubling = min(
        bins_per_doubling(run.rows.spread.series[TOTAL]) for run in drawn if run.rows is not None
    )
    for run in drawn:
        assert run.rows is not None
        one = run.rows.spread.series[TOTAL]
        for part in one.bins(per_doubling):
            share = part.number / one.count
            words = f"{seconds(part.low / SECOND)} to {seconds(part.high / SECOND)}"
            rows.append(
                {"at": part.low / SECOND, "share": share, "series": run.name, "words": words}
            )
            lines.append((run.name, words, count(part.number), percent(share)))
    low, high = min(row["at"] for row in rows), max(row["at"] for row in rows)
    says = "Histograms of latency: " + "; ".join(
        f"{run.name} median {seconds(run.summary.latency_seconds.p50)}, "
        f"p99 {seconds(run.summary.latency_seconds.p99)}"
        for run in drawn
    )
    chart = (
        alt.Chart(charts.data(rows))
        .mark_line(interpolate="step-after")
        .encode(
            alt.X("at:Q", **charts.log_seconds(low, high * 1.02, "latency, logarithmic")),
            alt.Y("share:Q", axis=alt.Axis(format="%", title="share of requests", tickCount=5)),
            tooltip=[
                alt.Tooltip("series:N", title="run"),
                alt.Tooltip("words:N", title="latency"),
                alt.Tooltip("share:Q", format=".2%"),
            ],
            **charts.series_encoding([run.name for run in drawn]),
        )
    )
    table = Cells("Latency of each run", ("run", "latency", "requests", "share"), lines, 2)
    return Chart("Latency", says + ".", table, charts.spec(chart, says + ".", 240))
