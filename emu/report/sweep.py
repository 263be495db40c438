"""A sweep for a terminal, in 80 columns for up to three varied paths."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from emu.analysis.comparison import Estimate
from emu.analysis.metrics import METRICS, Metric
from emu.report.intervals import scale_of
from emu.report.tables import table
from emu.report.words import NOTHING, count

MOST_ROWS: Final = 40
"""Points that are shown; the files have all."""
MOST_FAILURES: Final = 10
"""Failures that are shown."""

_SHOWN: Final = {
    "latency_p50_seconds": "p50",
    "latency_p99_seconds": "p99",
    "ok_share": "ok\nshare",
    "ok_per_second": "ok per\nsecond",
    "busiest_pod_utilisation": "busiest\nPod",
}
_WIDTH: Final = 43
"""Columns of a terminal for the values of what is varied."""


def sweep_view(
    points: Sequence[tuple[Mapping[str, str], Mapping[str, Estimate]]], confidence: float
) -> RenderableType:
    """For each point its values of what is varied and the means of the metrics that matter most,
    with how far their intervals reach to either side below them.
    """
    if not points:
        return Text("no point has numbers", "dim")
    paths = list(points[0][0])
    shown = [metric for metric in METRICS if metric.name in _SHOWN]
    first, *others = _headings(paths)
    made = table(first, *others, *(_SHOWN[metric.name] for metric in shown))
    made.padding = (0, 1, 0, 0)
    for column in made.columns[: len(paths)]:
        column.justify, column.no_wrap, column.overflow = "left", False, "fold"
        column.max_width = max(8, _WIDTH // len(paths) - 1)
    for values, metrics in points[:MOST_ROWS]:
        cells = [_cell(metric, metrics[metric.name]) for metric in shown]
        made.add_row(*(Text(values[path]) for path in paths), *cells)
    return Group(made, *_notes(points, confidence))


def failures_view(failures: Sequence[tuple[str, str]]) -> RenderableType:
    """The points that have no numbers, each with its values and why."""
    many = len(failures)
    lines = [Text(f"{count(many)} point{'s' if many > 1 else ''} failed", "bold red")]
    lines += [Text(f"{name}: {why}") for name, why in failures[:MOST_FAILURES]]
    if many > MOST_FAILURES:
        lines.append(Text(f"and {count(many - MOST_FAILURES)} more: see sweep.json", "dim"))
    return Group(*lines)


def _headings(paths: Sequence[str]) -> list[str]:
    """The last part of each path, or where two have the same, the whole paths."""
    short = [path.rpartition(".")[2] for path in paths]
    return short if len(set(short)) == len(short) else list(paths)


def _cell(metric: Metric, found: Estimate) -> Text:
    if found.mean is None:
        return Text(NOTHING)
    scale = scale_of(metric, found)
    cell = Text(scale.with_unit(found.mean))
    if found.high is not None:
        cell.append(f"\n±{scale.number(found.high - found.mean)}", "dim")
    return cell


def _notes(points: Sequence[object], confidence: float) -> list[Text]:
    notes = [f"± reaches to the ends of the {confidence * 100:g} % interval of the mean."]
    if len(points) > MOST_ROWS:
        notes.insert(0, f"and {count(len(points) - MOST_ROWS)} more points: see points.parquet")
    return [Text(note, "dim") for note in notes]
