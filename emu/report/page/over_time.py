"""How the run went on: rates, failures, latency and every sampled metric, with what happened."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import altair as alt

from emu.analysis.over_time import QUANTILE_ERROR
from emu.analysis.series import Series
from emu.report.page import charts
from emu.report.page.gathering import Gathered
from emu.report.page.parts import Cells, Chart, Section
from emu.report.words import count, seconds
from emu.units import SECOND

_HEIGHT: Final = 170
_SENT: Final = "requests_sent"
_MOST_RULES: Final = 40
_TITLES: Final = {
    "requests_in_flight": "Requests in flight",
    "balancer_in_flight": "In flight at each listener",
    "conntrack_entries": "Entries in conntrack",
    "pod_busy": "Busy workers of each Pod",
    "pod_queue": "Requests waiting in each Pod",
}

Values = Sequence[float | None]


def section(run: Gathered) -> Section:
    """A chart for each metric."""
    parts: list[Chart | Cells | str] = []
    if run.rows is not None:
        parts += _of_rows(run)
    else:
        parts.append("No rows were logged: failures and latency over time cannot be shown.")
        parts += [_sent(run, one) for one in run.series if one.metric == _SENT]
    parts += [_of_metric(run, one) for one in run.series if one.metric != _SENT]
    if run.events:
        parts.append(_events(run))
    return Section("over-time", "Over time", parts)


def _of_rows(run: Gathered) -> Iterable[Chart | str]:
    assert run.rows is not None
    rows, log = run.rows.over_time, run.summary.log_share
    if log < 1:
        yield (f"Rates and latency are estimated from the rows of {log * 100:g} % of the requests.")
    per = SECOND / run.interval_ns / log
    rates = {"sent": [number * per for number in rows.sent.tolist()]}
    rates |= {
        name: [number * per for number in counts.tolist()]
        for name, counts in rows.ended.items()
        if name == "ok"
    }
    yield _lines(run, "Requests per second", rates, "per second", _number)
    failed = {
        name: [number * per for number in counts.tolist()]
        for name, counts in sorted(rows.ended.items())
        if name != "ok"
    }
    if failed:
        yield _lines(run, "Attempts that failed, per second", failed, "per second", _number)
    else:
        yield "No attempt failed."
    quantiles = {
        name: [None if ns is None else ns / SECOND for ns in rows.quantiles(permille)]
        for name, permille in (("p50", 500), ("p90", 900), ("p99", 990))
    }
    if any(value is not None for value in quantiles["p50"]):
        note = (
            f"Of the requests that ended ok in each {seconds(run.interval_ns / SECOND)}, "
            f"within {QUANTILE_ERROR * 100:.1f} %."
        )
        yield _lines(run, "Latency", quantiles, "latency", seconds, note)


def _sent(run: Gathered, one: Series) -> Chart:
    """The rate at which requests were sent, from how many had been sent."""
    (total,) = one.lines.values()
    rates: list[float | None] = []
    before, since = 0.0, -1
    for number, value in enumerate(_values(total.tolist())):
        if value is None:
            rates.append(None)
            continue
        lasting = (number - since) * run.interval_ns / SECOND
        rates.append((value - before) / lasting)
        before, since = value, number
    return _lines(run, "Requests per second", {"sent": rates}, "per second", _number)


def _of_metric(run: Gathered, one: Series) -> Chart:
    title = _TITLES.get(one.metric, one.metric.replace("_", " ").capitalize())
    lines = {name or "all": _values(line.tolist()) for name, line in one.lines.items()}
    if one.band is None:
        return _lines(run, title, lines, "", _number)
    note = (
        f"Of {count(one.objects)}: the band from the least to the most, the median, and "
        f"{next(iter(lines))}, which once had the most."
    )
    band = list(zip(*(_values(part.tolist()) for part in one.band), strict=True))
    lines = {"median": [middle for _, middle, _ in band], **lines}
    return _lines(run, title, lines, "", _number, note, band)


def _values(numbers: Sequence[float]) -> Values:
    return [None if math.isnan(number) else number for number in numbers]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}"


def _lines(
    run: Gathered,
    title: str,
    lines: Mapping[str, Values],
    axis: str,
    words: Any,
    note: str = "",
    band: Sequence[tuple[float | None, ...]] = (),
) -> Chart:
    names = list(lines)
    rows = [
        {
            "at": _at(run, number), "value": _rounded(value), "series": name,
            "words": words(value), "time": charts.at(number * run.interval_ns),
        }
        for name, line in lines.items()
        for number, value in enumerate(line)
        if value is not None
    ]  # fmt: skip
    x = _time_axis(run)
    label: dict[str, Any] = {"labelExpr": charts.SECONDS} if words is seconds else {}
    y = alt.Y("value:Q", axis=alt.Axis(title=axis or None, tickCount=5, **label))
    lined = (
        alt.Chart(charts.data(rows))
        .mark_line(interpolate="monotone" if words is seconds else "step-after")
        .encode(
            x, y, **charts.series_encoding(names),
            tooltip=[
                alt.Tooltip("time:N"), alt.Tooltip("words:N", title=title),
                *([alt.Tooltip("series:N", title="of")] if len(names) > 1 else []),
            ],
        )
    )  # fmt: skip
    layers = [*_band(run, band, x), *_happened(run, x), lined]
    says = f"{title} over {charts.at(run.header.end_ns)}: " + "; ".join(
        f"{name} {_extent(line, words)}" for name, line in lines.items()
    )
    return Chart(
        title, says + ".", _table(run, title, lines, words),
        charts.spec(alt.layer(*layers), says + ".", _HEIGHT), note=note,
    )  # fmt: skip


def _extent(line: Values, words: Any) -> str:
    there = [value for value in line if value is not None]
    return f"from {words(min(there))} to {words(max(there))}" if there else "nothing"


def _rounded(value: float) -> float:
    """As many digits as a drawing shows."""
    return float(f"{value:.5g}")


def _at(run: Gathered, number: int) -> float:
    return float(f"{number * run.interval_ns / SECOND:.9g}")


def _time_axis(run: Gathered) -> alt.X:
    end = run.header.end_ns / SECOND
    return alt.X(
        "at:Q",
        scale=alt.Scale(domain=[0, end], nice=False),
        axis=alt.Axis(labelExpr=charts.SECONDS, title=None, tickCount=8, labelOverlap=True),
    )


def _band(run: Gathered, band: Sequence[tuple[float | None, ...]], x: alt.X) -> list[Any]:
    rows = [
        {"at": _at(run, number), "least": least, "most": most}
        for number, (least, _, most) in enumerate(band)
        if least is not None
    ]
    if not rows:
        return []
    return [
        alt.Chart(charts.data(rows))
        .mark_area(color=charts.BAND, interpolate="step-after")
        .encode(x, alt.Y("least:Q", title=None), alt.Y2("most:Q"))
    ]


def _happened(run: Gathered, x: alt.X) -> list[Any]:
    """The end of the warm-up, and events after the start."""
    rows = [
        {"at": event.at_ns / SECOND, "words": f"{event.kind}: {event.words}",
         "time": charts.at(event.at_ns)}
        for event in run.events
        if event.at_ns > 0
    ][:_MOST_RULES]  # fmt: skip
    warmup = run.header.expected.warmup_ns
    if warmup:
        rows.insert(0, {"at": warmup / SECOND, "words": "end of the warm-up",
                        "time": charts.at(warmup)})  # fmt: skip
    if not rows:
        return []
    return [
        alt.Chart(charts.data(rows))
        .mark_rule(color=charts.FAINT, strokeDash=[3, 3], strokeWidth=1.5)
        .encode(x, tooltip=[alt.Tooltip("time:N"), alt.Tooltip("words:N", title="what")])
    ]


def _table(run: Gathered, title: str, lines: Mapping[str, Values], words: Any) -> Cells:
    names = list(lines)
    rows = [
        (charts.at(number * run.interval_ns), *(words(lines[name][number]) for name in names))
        for number in range(run.intervals)
        if any(lines[name][number] is not None for name in names)
    ]
    note = f"Each row is {seconds(run.interval_ns / SECOND)} from the time on."
    return Cells(title, ("time", *names), rows, note=note)


def _events(run: Gathered) -> Cells:
    more = run.events_left
    return Cells(
        "Events",
        ("time", "what", "of", "why", "more"),
        [
            (charts.at(event.at_ns), event.kind, event.words, event.cause, event.detail)
            for event in run.events
        ],
        names=5,
        note=f"{count(more)} more moments are left out." if more else "",
    )
