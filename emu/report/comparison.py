"""A comparison of variants for a terminal, in 80 columns."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from emu.analysis.comparison import Compared, Difference, Verdict
from emu.analysis.metrics import METRICS, Metric
from emu.report.intervals import change, interval, mean
from emu.report.tables import table
from emu.report.words import count

_NAME_WIDTH = 22


def comparison_view(
    names: Sequence[str],
    metrics: Sequence[Mapping[str, Compared]],
    confidence: float,
    quantile_error: float,
) -> RenderableType:
    """For each metric a row for each variant: mean, interval, and the difference to the first;
    then what is to be kept in mind.
    """
    made = table("", "mean", f"{confidence * 100:g} % interval")
    made.padding = (0, 1, 0, 0)
    made.columns[0].max_width = _NAME_WIDTH
    made.add_column(Text(f"difference to {names[0]}"), overflow="fold")
    for metric in METRICS:
        made.add_row(Text(metric.words, "bold"))
        for name, found in zip(names, metrics, strict=True):
            one = found[metric.name]
            made.add_row(
                Padding(Text(name), (0, 0, 0, 2)),
                mean(metric, one.estimate),
                interval(metric, one.estimate),
                _difference(metric, one.difference),
            )
    return Group(made, *_notes(metrics, confidence, quantile_error))


def _difference(metric: Metric, found: Difference | None) -> Text:
    if found is None:
        return Text("")
    said, ends = change(metric, found)
    return Text(f"{said} ({ends})" if ends else said, _style(metric, found))


def _style(metric: Metric, found: Difference) -> str:
    if found.verdict not in (Verdict.LOWER, Verdict.HIGHER):
        return "dim"
    return "green" if (found.verdict == Verdict.HIGHER) == metric.more_is_better else "red"


def _notes(
    metrics: Sequence[Mapping[str, Compared]], confidence: float, quantile_error: float
) -> list[Text]:
    judged = sum(
        one.difference is not None and one.difference.verdict != Verdict.UNKNOWN
        for found in metrics
        for one in found.values()
    )
    notes = ["One replication has no intervals: any difference may be chance."]
    if judged:
        notes = [
            f"Of the {confidence * 100:g} % intervals of {count(judged)} differences about "
            f"{judged * (1 - confidence):.2g} may miss."
        ]
    if quantile_error:
        notes.append(
            f"Quantiles are within {quantile_error * 100:.1g} %, which their intervals include; "
            "they are exact with --set spec.log=requests."
        )
    return [Text(note, "dim") for note in notes]
