"""How the run went on: rates, failures, latency and every sampled metric, with what happened."""

from collections.abc import Iterable
from typing import Final

from emu.analysis.over_time import QUANTILE_ERROR
from emu.analysis.series import Series
from emu.report.page import charts
from emu.report.page.gathering import Gathered
from emu.report.page.lines import line_chart, values
from emu.report.page.parts import Cells, Chart, Section
from emu.report.words import count, seconds
from emu.units import SECOND

_SENT: Final = "requests_sent"
_TITLES: Final = {
    "requests_in_flight": "Requests in flight",
    "balancer_in_flight": "In flight at each listener",
    "conntrack_entries": "Entries in conntrack",
    "pod_busy": "Busy workers of each Pod",
    "pod_queue": "Requests waiting in each Pod",
    "pod_throttled_ns": "Time for which CPU limits held each Pod up, in nanoseconds",
}


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
    yield line_chart(run, "Requests per second", rates, "per second", _number)
    failed = {
        name: [number * per for number in counts.tolist()]
        for name, counts in sorted(rows.ended.items())
        if name != "ok"
    }
    if failed:
        yield line_chart(run, "Attempts that failed, per second", failed, "per second", _number)
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
        yield line_chart(run, "Latency", quantiles, "latency", seconds, note)


def _sent(run: Gathered, one: Series) -> Chart:
    """The rate at which requests were sent, from how many had been sent."""
    (total,) = one.lines.values()
    rates: list[float | None] = []
    before, since = 0.0, -1
    for number, value in enumerate(values(total.tolist())):
        if value is None:
            rates.append(None)
            continue
        lasting = (number - since) * run.interval_ns / SECOND
        rates.append((value - before) / lasting)
        before, since = value, number
    return line_chart(run, "Requests per second", {"sent": rates}, "per second", _number)


def _of_metric(run: Gathered, one: Series) -> Chart:
    title = _TITLES.get(one.metric, one.metric.replace("_", " ").capitalize())
    lines = {name or "all": values(line.tolist()) for name, line in one.lines.items()}
    if one.band is None:
        return line_chart(run, title, lines, "", _number)
    note = (
        f"Of {count(one.objects)}: the band from the least to the most, the median, and "
        f"{next(iter(lines))}, which once had the most."
    )
    band = list(zip(*(values(part.tolist()) for part in one.band), strict=True))
    lines = {"median": [middle for _, middle, _ in band], **lines}
    return line_chart(run, title, lines, "", _number, note, band)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}"


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
