"""Reachability and answers to flows as tables of 80 columns."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_STYLES = {
    "reached": "green", "DNAT": "green",
    "refused": "red", "REJECT": "red",
    "dropped": "yellow", "DROP": "yellow",
}  # fmt: skip
_SHOWN = 3
_WIDTHS = (16, 9, 21)


def reachability_view(rows: Iterable[Any]) -> RenderableType:
    """A block for each destination; senders with the same fate stand in one row."""
    blocks: list[RenderableType] = []
    for (name, address, port, protocol), group in groupby(rows, key=_destination):
        head = name if name.endswith(address) else f"{name}, {address}"
        over = "" if protocol == "TCP" else f"/{protocol}"
        block, given = _table(), list(group)
        total = Counter(row.source_kind for row in given)
        for fate, senders in _by_fate(given).items():
            result, endpoints, masquerade, reason = fate
            block.add_row(
                Text("\n".join(_spoken(senders, total))), Text(result, _STYLES.get(result, "dim")),
                Text(_places(endpoints, masquerade)), Text(reason),
            )  # fmt: skip
        blocks += [Text(f"to {head} port {port}{over}", "bold"), block, Text("")]
    return Group(*blocks[:-1])


def answers_table(answers: Iterable[Any]) -> Table:
    """One row a flow; what differs from what was expected stands below its reason."""
    made = _table("flow", "action", "endpoints", "why")
    for answer in answers:
        why = Text(answer.reason)
        for difference in answer.differs:
            why.append(f"\n✗ {difference}", "bold red")
        made.add_row(
            Text(answer.name), Text(answer.action, _STYLES.get(answer.action, "dim")),
            Text(_places(answer.endpoints, answer.masquerade)), why,
        )  # fmt: skip
    return made


def _destination(row: Any) -> tuple[str, str, int, str]:
    return row.destination, row.address, row.port, row.protocol


def _by_fate(rows: Iterable[Any]) -> dict[tuple[str, tuple[str, ...], bool, str], list[Any]]:
    found: dict[tuple[str, tuple[str, ...], bool, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row.result, row.endpoints, row.masquerade, row.reason), []).append(row)
    return found


def _spoken(senders: Sequence[Any], total: Counter[str]) -> list[str]:
    """Their names; where all of a kind are meant, that kind in one word."""
    here = Counter(row.source_kind for row in senders)
    names = [
        row.source for row in senders if here[row.source_kind] < max(total[row.source_kind], 2)
    ]
    kinds = [f"all {kind}s" for kind, count in here.items() if count == total[kind] > 1]
    return [*_shortened(names), *kinds]


def _places(endpoints: Sequence[str], masquerade: bool) -> str:
    return "\n".join([*_shortened(endpoints), *(["masqueraded"] * masquerade)])


def _shortened(names: Sequence[str]) -> list[str]:
    """The first few, and how many there are besides."""
    if len(names) <= _SHOWN + 1:
        return list(names)
    return [*names[:_SHOWN], f"and {len(names) - _SHOWN} more"]


def _table(*columns: str) -> Table:
    """A table for 80 columns, with a head if its columns have names."""
    made = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0),
        header_style="dim", show_header=bool(columns),
    )  # fmt: skip
    for column, width in zip(columns or [""] * 4, (*_WIDTHS, None), strict=True):
        made.add_column(column, width=width, overflow="fold")
    return made
