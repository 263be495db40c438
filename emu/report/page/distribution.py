"""How latencies are spread: a histogram, the tail, and both hop by hop."""

from typing import Any, Final

import altair as alt

from emu.analysis.latency import SERIES, TOTAL
from emu.analysis.log_even import LogEven
from emu.report.hops import HOPS
from emu.report.page import charts
from emu.report.page.gathering import Gathered
from emu.report.page.parts import Cells, Chart, Section
from emu.report.page.tails import tail
from emu.report.words import count, percent, seconds
from emu.units import SECOND

_COARSE: Final = 4
"""Bins in a doubling where each hop has a row."""


def section(run: Gathered) -> Section | None:
    """Of the requests that ended ok; None where the run has no rows, or none of them ended so."""
    if run.rows is None or not run.rows.spread.series[TOTAL].count:
        return None
    spread = run.rows.spread.series
    parts: list[Chart | Cells | str] = []
    if run.summary.log != "requests":
        parts.append(f"From the rows of a sample of {run.summary.log_share * 100:g} %.")
    parts += [
        _histogram(run, spread[TOTAL]),
        tail({"in total": spread[TOTAL]}, "Tail: the share of requests that took longer"),
        _by_hop(spread),
        tail(
            {HOPS[name]: spread[name] for name in SERIES if name in HOPS and _takes(spread[name])},
            "Tail by hop",
        ),
    ]
    return Section("distribution", "Latency", parts)


def _takes(one: LogEven) -> bool:
    return one.count > one.zeros


def bins_per_doubling(one: LogEven) -> int:
    """As many as make some fifty bars of what there is."""
    doublings = len(one.bins(1))
    return next((bins for bins in (16, 8, 4, 2) if bins * doublings <= 64), 1)


def _histogram(run: Gathered, one: LogEven) -> Chart:
    bins = one.bins(bins_per_doubling(one))
    latency = run.summary.latency_seconds
    marks = [
        {"at": value, "words": f"{name} {seconds(value)}", "series": name}
        for name, value in (
            ("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99),
            ("p99.9", latency.p99_9),
        )
        if value
    ]  # fmt: skip
    rows: list[dict[str, Any]] = [
        {
            "low": part.low / SECOND, "high": part.high / SECOND, "share": part.number / one.count,
            "words": f"{seconds(part.low / SECOND)} to {seconds(part.high / SECOND)}",
            "number": count(part.number),
        }
        for part in bins
    ]  # fmt: skip
    low, high = rows[0]["low"], rows[-1]["high"]
    x: dict[str, Any] = charts.log_seconds(low, high, "latency, logarithmic")
    bars = (
        alt.Chart(charts.data(rows))
        .mark_rect(color=charts.ACCENT, stroke=charts.PAGE, strokeWidth=0.5)
        .encode(
            alt.X("low:Q", **x), alt.X2("high:Q"),
            alt.Y("share:Q", axis=alt.Axis(format="%", title="share of requests", tickCount=5)),
            alt.Y2Datum(0),
            tooltip=[alt.Tooltip("words:N", title="latency"),
                     alt.Tooltip("number:N", title="requests"),
                     alt.Tooltip("share:Q", format=".2%")],
        )
    )  # fmt: skip
    marked = alt.Chart(charts.data(marks))
    rules = marked.mark_rule(color=charts.INK, strokeDash=[4, 3]).encode(
        alt.X("at:Q", **x), tooltip=alt.Tooltip("words:N", title="quantile")
    )
    texts = marked.mark_text(
        color=charts.INK, align="left", dx=3, baseline="top", fontSize=11
    ).encode(alt.X("at:Q", **x), alt.Text("series:N"), y=alt.value(0))
    says = (
        f"Histogram of the latency of {count(one.count)} requests: median {seconds(latency.p50)}, "
        f"p99 {seconds(latency.p99)}, longest {seconds(latency.max)}."
    )
    table = Cells(
        "Latency in total",
        ("from", "to", "requests", "share"),
        [
            (seconds(part.low / SECOND), seconds(part.high / SECOND), count(part.number),
             percent(part.number / one.count))
            for part in bins
        ],
    )  # fmt: skip
    return Chart("In total", says, table, charts.spec(bars + rules + texts, says))


def _by_hop(spread: dict[str, LogEven]) -> Chart:
    """A row of shades for each hop: where its requests lie."""
    rows: list[dict[str, Any]] = []
    lines = []
    names = [name for name in HOPS if _takes(spread[name])]
    for name in names:
        one = spread[name]
        for part in one.bins(_COARSE):
            if not part.number:
                continue
            words = f"{seconds(part.low / SECOND)} to {seconds(part.high / SECOND)}"
            share = part.number / one.count
            rows.append(
                {
                    "low": part.low / SECOND, "high": part.high / SECOND, "share": share,
                    "hop": HOPS[name], "words": words, "number": count(part.number),
                }
            )  # fmt: skip
            lines.append((HOPS[name], words, count(part.number), percent(share)))
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    chart = (
        alt.Chart(charts.data(rows))
        .mark_rect(color=charts.ACCENT)
        .encode(
            alt.X("low:Q", **charts.log_seconds(low, high, "time, logarithmic")),
            alt.X2("high:Q"),
            alt.Y("hop:N", sort=[HOPS[name] for name in names], title=None),
            alt.Opacity("share:Q", scale=alt.Scale(type="sqrt", range=[0.08, 1]), legend=None),
            tooltip=[
                alt.Tooltip("hop:N"),
                alt.Tooltip("words:N", title="time"),
                alt.Tooltip("number:N", title="requests"),
                alt.Tooltip("share:Q", format=".2%"),
            ],
        )
    )
    none = [
        f"{HOPS[name]} took no time for {percent(spread[name].zeros / spread[name].count)}"
        for name in HOPS
        if spread[name].zeros
    ]
    says = "Histogram of the time of each hop, the darker the more requests"
    says += f"; {'; '.join(none)}." if none else "."
    return Chart(
        "By hop", says, Cells("Time by hop", ("hop", "time", "requests", "share"), lines, 2),
        charts.spec(chart, says, 34 * len(names)), note=says,
    )  # fmt: skip
