"""What each node and Pod got of the requests, as tables; of very many, the extremes."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emu.analysis.balance import Balance, Share
from emu.analysis.summary import PodShare, Summary
from emu.report.tables import table
from emu.report.words import count, percent

Place = TypeVar("Place", bound=Share)
Cells = tuple[RenderableType, ...]

_MOST_ROWS: Final = 12
_EXTREMES: Final = 5
_BUSY: Final = 0.7
_TOO_BUSY: Final = 0.9


def node_table(summary: Summary) -> RenderableType:
    """Requests, share and expected share of each node, and how even they are."""

    def cells(node: Share) -> Cells:
        return count(node.requests), percent(node.share), percent(node.expected_share)

    made = table("Nodes", "requests", "share", "expected")
    left_out = _fill(made, summary.nodes, cells)
    return Group(made, *_notes(left_out, "nodes", summary.node_balance))


def pod_table(summary: Summary) -> RenderableType:
    """Requests, share and expected share of each Pod, how busy it was, and how even they are."""

    def cells(pod: PodShare) -> Cells:
        return (
            count(pod.requests), percent(pod.share), percent(pod.expected_share),
            _busy(pod.utilisation), percent(pod.implied_utilisation),
        )  # fmt: skip

    made = table("Pods", "requests", "share", "expected", "busy", "implied")
    left_out = _fill(made, summary.pods, cells)
    return Group(made, *_notes(left_out, "Pods", summary.pod_balance))


def _fill(made: Table, places: Mapping[str, Place], cells: Callable[[Place], Cells]) -> int:
    """Add a row for each place; of many, for the five that got the most requests and the five
    that got the fewest. How many were left out; those that got and should get nothing are not.
    """
    rows = [item for item in places.items() if item[1].requests or item[1].expected_share]
    left_out = len(rows) - 2 * _EXTREMES if len(rows) > _MOST_ROWS else 0
    if left_out:
        rows.sort(key=lambda item: -item[1].requests)
        del rows[_EXTREMES:-_EXTREMES]
    for number, (name, place) in enumerate(rows):
        if left_out and number == _EXTREMES:
            made.add_row("...")
        made.add_row(Text(name), *cells(place))
    return left_out


def _busy(utilisation: float | None) -> Text:
    share = utilisation or 0.0
    style = "red" if share > _TOO_BUSY else "yellow" if share > _BUSY else ""
    return Text(percent(utilisation), style)


def _notes(left_out: int, what: str, balance: Balance) -> list[Text]:
    notes = []
    if left_out:
        notes.append(
            f"{count(left_out)} {what} between these are left out; summary.json has them all."
        )
    if words := balance_words(balance):
        notes.append(words)
    return [Text(note, "dim") for note in notes]


def balance_words(balance: Balance) -> str:
    """How even the shares are, in words; empty where nothing can be said."""
    words = []
    if balance.p_value is not None:
        statistic = "unbounded" if balance.chi_square is None else f"{balance.chi_square:,.2f}"
        free = balance.degrees_of_freedom
        degrees = f"{count(free)} degree{'s' if free != 1 else ''} of freedom"
        words.append(f"chi-square {statistic} with {degrees}, p = {balance.p_value:.3g}")
    if balance.jain_index is not None:
        words.append(f"Jain's index {balance.jain_index:.4f}")
    return "; ".join(words)
