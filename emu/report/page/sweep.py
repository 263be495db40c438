"""A sweep: a heatmap of what two paths do, a line with its band of what one does."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import altair as alt
import pyarrow as pa

from emu.analysis.metrics import Metric
from emu.report.page import charts
from emu.report.page.numbers import axis, estimate, present, words
from emu.report.page.parts import Cells, Chart, Section
from emu.report.page.sources import Kind, table

_DRAWN: Final = (
    "latency_p50_seconds", "latency_p99_seconds", "ok_share", "ok_per_second",
    "busiest_pod_utilisation",
)  # fmt: skip
_CELL: Final = 34
_MOST_TICKS: Final = 16
_MOST_LISTED: Final = 1000

_TITLE_ABOVE: Final = alt.Axis(
    titleAngle=0, titleAlign="left", titleAnchor="end", titleX=0, titleY=-12, titleBaseline="bottom"
)
"""A path is longer than a few rows are high."""
_NUMBER: Final = ":number"
"""What a path with numbers has a second column under, after its name."""

Point = Mapping[str, Any]


def section(folder: Path) -> Section:
    """The sweep in ``folder``. Raises ResultsError where it is none."""
    points = table(folder / Kind.SWEEP)
    rows: list[Point] = points.to_pylist()
    paths = varied(points.column_names)
    metrics = present(rows)
    parts: list[Chart | Cells | str] = [
        f"{len(rows):,} points. Varied: {', '.join(paths) or 'nothing'}."
    ]
    drawn = [metric for metric in metrics if metric.name in _DRAWN]
    if len(paths) == 1:
        parts += [_curve(points, rows, paths[0], metric) for metric in drawn]
    elif len(paths) == 2:
        parts += [_heatmap(rows, paths[0], paths[1], metric) for metric in drawn]
    else:
        parts.append("More than two paths were varied; the table has all points.")
    parts.append(_table(rows, paths, metrics))
    return Section("sweep", f"Sweep of {folder.parent.parent.name}", parts)


def varied(columns: Sequence[str]) -> list[str]:
    """The columns that are paths of a scenario: these alone have dots."""
    return [name for name in columns if "." in name and not name.endswith(_NUMBER)]


def number(value: Any) -> float:
    """Whole where it is whole, as people write it."""
    as_float = float(value)
    return int(as_float) if as_float.is_integer() else as_float


def _values(rows: Sequence[Point], path: str) -> list[str]:
    """What the path was set to, each once: numbers in their order, others as they come."""
    seen = {str(row[path]): row.get(f"{path}{_NUMBER}") for row in rows}
    return list(seen) if None in seen.values() else sorted(seen, key=lambda text: seen[text] or 0.0)


def _described(rows: Sequence[Point], metric: Metric) -> list[tuple[Point, dict[str, Any]]]:
    """The points that have the metric, with what is drawn of it."""
    found = []
    for row in rows:
        one = estimate(row, metric)
        if one.mean is not None:
            drawn = {
                "mean": one.mean,
                "low": one.low,
                "high": one.high,
                "words": words(metric, one),
            }
            found.append((row, drawn))
    return found


def _curve(points: pa.Table, rows: Sequence[Point], path: str, metric: Metric) -> Chart:
    column = f"{path}{_NUMBER}"
    is_number = column in points.column_names
    made = [
        {"at": number(row[column]) if is_number else str(row[path]), **drawn}
        for row, drawn in _described(rows, metric)
    ]
    unit = (points.schema.field(column).metadata or {}).get(b"unit", b"") if is_number else b""
    title = f"{path}, {unit.decode()}" if unit else path
    return line_with_band(made, title, metric, is_number)


def line_with_band(
    made: list[dict[str, Any]], path: str, metric: Metric, is_number: bool,
    beside: Sequence[Any] = (), note: str = "",
) -> Chart:  # fmt: skip
    """A metric over the values ``at`` of a path, with layers of charts ``beside`` it."""
    x = _axis_of(path, [row["at"] for row in made], is_number)
    y_axis = alt.Axis(title=metric.words, tickCount=6, **axis(metric))
    y_scale = alt.Scale(zero=False)
    tooltip = [alt.Tooltip("at:N", title=path), alt.Tooltip("words:N", title=metric.words)]
    base = alt.Chart(charts.data(made))
    lines = [base.mark_line(color=charts.ACCENT)] if is_number else []
    bands = base.mark_area(color=charts.BAND) if is_number else base.mark_rule(strokeWidth=2)
    layers = [
        bands.encode(x, alt.Y("low:Q", axis=y_axis, scale=y_scale), alt.Y2("high:Q")),
        *(line.encode(x, alt.Y("mean:Q", axis=y_axis, scale=y_scale)) for line in lines),
        base.mark_point(color=charts.ACCENT, filled=True, size=50, opacity=1).encode(
            x, alt.Y("mean:Q", axis=y_axis, scale=y_scale), tooltip=tooltip
        ),
        *beside,
    ]
    says = f"{metric.words} by {path}: " + "; ".join(
        f"{row['at']} {row['words']}"
        for row in (made if len(made) <= 12 else made[:: len(made) - 1])
    )
    cells = Cells(
        f"{metric.words} by {path}", (path, metric.words),
        [(f"{row['at']}", row["words"]) for row in made],
    )  # fmt: skip
    return Chart(
        metric.words, says + ".", cells, charts.spec(alt.layer(*layers), says + "."), note=note
    )


def _axis_of(path: str, values: Sequence[Any], is_number: bool) -> alt.X:
    """With a tick at each value, unless these are many."""
    if not is_number:
        return alt.X("at:N", title=path, sort=None, axis=alt.Axis(labelAngle=0))
    ticks = sorted(set(values)) if len(set(values)) <= _MOST_TICKS else alt.Undefined
    axis = alt.Axis(values=ticks, format="~g", labelOverlap=True)
    return alt.X("at:Q", title=path, scale=alt.Scale(zero=False), axis=axis)


def _heatmap(rows: Sequence[Point], across: str, down: str, metric: Metric) -> Chart:
    made = [
        {"x": str(row[across]), "y": str(row[down]), **drawn}
        for row, drawn in _described(rows, metric)
    ]
    reverse = metric.more_is_better
    legend = alt.Legend(
        title=metric.words, type="gradient", gradientLength=220, direction="horizontal",
        **axis(metric),
    )  # fmt: skip
    chart = (
        alt.Chart(charts.data(made))
        .mark_rect(stroke=charts.PAGE, strokeWidth=1)
        .encode(
            alt.X("x:N", title=across, sort=_values(rows, across), axis=alt.Axis(labelAngle=0)),
            alt.Y("y:N", title=down, sort=_values(rows, down)[::-1], axis=_TITLE_ABOVE),
            alt.Color("mean:Q", scale=alt.Scale(scheme="viridis", reverse=reverse), legend=legend),
            tooltip=[
                alt.Tooltip("x:N", title=across), alt.Tooltip("y:N", title=down),
                alt.Tooltip("words:N", title=metric.words),
            ],
        )
    )  # fmt: skip
    best = (max if metric.more_is_better else min)(made, key=lambda row: row["mean"])
    worst = (min if metric.more_is_better else max)(made, key=lambda row: row["mean"])
    says = f"{metric.words} by {across} and {down}: " + ", ".join(
        f"{word} {row['words']} at {row['x']} and {row['y']}"
        for word, row in (("best", best), ("worst", worst))
    )
    cells = Cells(
        f"{metric.words} by {across} and {down}", (across, down, metric.words),
        [(row["x"], row["y"], row["words"]) for row in made], names=2,
    )  # fmt: skip
    height = _CELL * len({row["y"] for row in made})
    return Chart(
        metric.words,
        says + ".",
        cells,
        charts.spec(chart, says + ".", height),
        note=f"{says}. The darker the better.",
    )


def _table(rows: Sequence[Point], paths: Sequence[str], metrics: Sequence[Metric]) -> Cells:
    listed = rows[:_MOST_LISTED]
    lines = []
    for row in listed:
        cells = [words(metric, estimate(row, metric)) for metric in metrics]
        failed = str(row.get("failed") or "")
        lines.append((*(str(row[path]) for path in paths), *cells, failed))
    more = len(rows) - len(listed)
    return Cells(
        "All points", (*paths, *(metric.words for metric in metrics), "failed"), lines, len(paths),
        note=f"{more:,} more are in {Kind.SWEEP}." if more else "",
    )  # fmt: skip
