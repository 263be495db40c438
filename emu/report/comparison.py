"""A comparison of variants for a terminal, in 80 columns."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from emu.analysis.comparison import Compared, Difference, Verdict
from emu.analysis.metrics import METRICS, Metric
from emu.report.intervals import interval, mean, verdict
from emu.report.tables import table
from emu.report.words import count

_NAME_WIDTH = 20


def comparison_table(
    names: Sequence[str], metrics: Sequence[Mapping[str, Compared]], confidence: float
) -> RenderableType:
    """For each metric a row for each variant: mean, interval, and what is said of the difference
    to the first; then how often intervals miss.
    """
    made = table("", "mean", f"{confidence * 100:g} % interval")
    made.columns[0].max_width = _NAME_WIDTH
    made.add_column(Text(f"against {names[0]}"), overflow="fold")
    for metric in METRICS:
        made.add_row(Text(metric.words, "bold"))
        for name, found in zip(names, metrics, strict=True):
            one = found[metric.name]
            made.add_row(
                Text(name), mean(metric, one.estimate), interval(metric, one.estimate),
                _against_first(metric, one.difference),
            )  # fmt: skip
    return Group(made, *_foot(metrics, confidence))


def _against_first(metric: Metric, found: Difference | None) -> Text:
    if found is None:
        return Text("")
    said, ends = verdict(metric, found)
    return Text(f"{said} ({ends})" if ends else said, _style(metric, found))


def _style(metric: Metric, found: Difference) -> str:
    if found.verdict not in (Verdict.LOWER, Verdict.HIGHER):
        return "dim"
    return "green" if (found.verdict == Verdict.HIGHER) == metric.more_is_better else "red"


def _foot(metrics: Sequence[Mapping[str, Compared]], confidence: float) -> list[Text]:
    differences = [one.difference for found in metrics for one in found.values() if one.difference]
    if all(found.verdict == Verdict.UNKNOWN for found in differences):
        return [Text("One replication has no intervals: any difference may be chance.", "yellow")]
    note = (
        f"{confidence * 100:g} % intervals: of those for {count(len(differences))} differences, "
        f"about {len(differences) * (1 - confidence):.2g} may miss by chance."
    )
    return [Text(note, "dim")]
