"""A search for capacity for a terminal, in 80 columns."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from emu.analysis.comparison import Estimate
from emu.analysis.metrics import Metric
from emu.report.intervals import interval, mean
from emu.report.tables import table
from emu.report.words import count

_STYLES = {"meets": "green", "fails": "red", "undecided": "yellow"}


def capacity_view(
    scenario: str,
    varied: str,
    objectives: Sequence[str],
    metrics: Sequence[Metric],
    tried: Sequence[tuple[str, int, str, Sequence[Estimate]]],
    answer: str | None,
    sentences: Sequence[str],
    path: str,
) -> RenderableType:
    """The question, the values that were tried, and the answer with its reasons.

    ``tried`` has of each value its text, its runs, the verdict, and an interval an objective.
    """
    head = Text.assemble(
        (scenario, "bold"), f"  {varied}\n", f"objectives: {', '.join(objectives)}"
    )
    made = table(varied.rpartition(".")[2], "runs")
    for metric in metrics:
        made.add_column(metric.words, justify="right", no_wrap=True)
        made.add_column("interval", justify="right", overflow="fold")
    made.add_column("verdict")
    made.padding = (0, 1, 0, 0)
    for value, runs, verdict, intervals in tried:
        cells = [
            Text(text)
            for metric, found in zip(metrics, intervals, strict=True)
            for text in (mean(metric, found), interval(metric, found))
        ]
        style = "bold" if value == answer else ""
        made.add_row(Text(value, style), count(runs), *cells, Text(verdict, _STYLES[verdict]))
    first, *others = sentences
    said = [Text(f"\n{first}", "bold"), *(Text(text) for text in others)]
    return Group(head, "", made, *said, Text(f"\n{path}", overflow="fold"))
