"""Lines over the time of a run."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from emu.report.page import charts
from emu.report.page.gathering import Gathered
from emu.report.page.parts import Cells, Chart
from emu.report.words import seconds
from emu.units import SECOND

_HEIGHT: Final = 170
_MOST_RULES: Final = 40

Values = Sequence[float | None]
"""A value for each interval of time, or None."""


def values(numbers: Sequence[float]) -> Values:
    """The numbers, with None where there is none."""
    return [None if math.isnan(number) else number for number in numbers]


def line_chart(
    run: Gathered,
    title: str,
    of: Mapping[str, Values],
    axis: str,
    words: Any,
    note: str = "",
    band: Sequence[tuple[float | None, ...]] = (),
) -> Chart:
    """A chart of these lines over the time of the run, with what happened in it.

    ``words`` makes text of a value, ``axis`` is what the values are, ``band`` has the least, the
    median and the most of each interval.
    """
    names = list(of)
    rows = [
        {
            "at": _at(run, number), "value": _rounded(value), "series": name,
            "words": words(value), "time": charts.at(number * run.interval_ns),
        }
        for name, line in of.items()
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
        f"{name} {_extent(line, words)}" for name, line in of.items()
    )
    return Chart(
        title, says + ".", _table(run, title, of, words),
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


def _table(run: Gathered, title: str, of: Mapping[str, Values], words: Any) -> Cells:
    names = list(of)
    rows = [
        (charts.at(number * run.interval_ns), *(words(of[name][number]) for name in names))
        for number in range(run.intervals)
        if any(of[name][number] is not None for name in names)
    ]
    note = f"Each row is {seconds(run.interval_ns / SECOND)} from the time on."
    return Cells(title, ("time", *names), rows, note=note)
