"""The answer to a question in SQL: as a table of 80 columns, as JSON and as CSV."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, TextIO

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emu.report.words import NOTHING, count

MOST_ROWS: Final = 40
"""So many rows a terminal shows."""
_MOST_RECORDS: Final = 5
"""And so many where each takes a line for each column."""
_WIDTH: Final = 80
_NARROWEST: Final = 8
"""A column with less than this, where its values are wider, is no pleasure to read."""

Batches = Iterable[Any]
"""Arrow record batches."""


def answer_view(columns: Sequence[str], batches: Batches) -> RenderableType:
    """The first rows, and how many more there are; of many columns each row by itself."""
    rows: list[tuple[Any, ...]] = []
    total = 0
    for batch in batches:
        total += batch.num_rows
        if len(rows) < MOST_ROWS:
            rows += _rows(batch.slice(0, MOST_ROWS - len(rows)))
    texts = [tuple(_text(value) for value in row) for row in rows]
    if _fits(columns, texts):
        made: list[RenderableType] = [_table(columns, rows, texts)]
    else:
        texts = texts[:_MOST_RECORDS]
        made = [_record(columns, row) for row in texts]
    more = total - len(texts)
    if more or total != 1:
        words = f"{count(total)} row{'s' if total != 1 else ''}"
        made.append(Text(words + (f", {count(more)} of them not shown" if more else ""), "dim"))
    return Group(*made)


def write_csv(columns: Sequence[str], batches: Batches, file: TextIO) -> None:
    """All rows, below the names of the columns; what is null is empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for batch in batches:
        writer.writerows(
            tuple("" if value is None else _plain(value) for value in row) for row in _rows(batch)
        )


def json_text(columns: Sequence[str], types: Sequence[str], batches: Batches) -> str:
    """One JSON document: ``columns``, each with name and type, and ``rows``, each a list."""
    rows = [[_plain(value) for value in row] for batch in batches for row in _rows(batch)]
    named = [{"name": name, "type": kind} for name, kind in zip(columns, types, strict=True)]
    return json.dumps({"columns": named, "rows": rows}, allow_nan=False)


def _rows(batch: Any) -> Iterator[tuple[Any, ...]]:
    """By place and not by name, for names may come twice."""
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _plain(value: Any) -> Any:
    """As JSON takes it: sums are whole numbers where they are, what is no number is null."""
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return value.hex() if isinstance(value, bytes) else str(value)


def _text(value: Any) -> str:
    value = _plain(value) if not isinstance(value, float) else value
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e15 else f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fits(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether columns that are narrowed no more than they may be fit side by side."""
    widths = [
        max(len(name), *(len(row[number]) for row in rows)) if rows else len(name)
        for number, name in enumerate(columns)
    ]
    return sum(min(width, _NARROWEST) + 2 for width in widths) - 2 <= _WIDTH


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], texts: Sequence[Sequence[str]]
) -> Table:
    made = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0),
        header_style="dim",
    )  # fmt: skip
    for number, name in enumerate(columns):
        is_number = all(isinstance(row[number], int | float | Decimal | None) for row in rows)
        made.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    for row in texts:
        made.add_row(*map(Text, row))
    return made


def _record(columns: Sequence[str], row: Sequence[str]) -> Table:
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="dim", overflow="fold")
    made.add_column(overflow="fold")
    for name, value in zip(columns, row, strict=True):
        made.add_row(Text(name), Text(value))
    made.add_row("", "")
    return made
