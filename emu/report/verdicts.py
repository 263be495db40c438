"""What the lab found, as a table of 80 columns."""

from collections.abc import Iterable
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text


def verdicts_table(verdicts: Iterable[Any]) -> Table:
    """One row a connection: what it met, and where that differs, what it should have met."""
    made = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0),
        header_style="dim",
    )  # fmt: skip
    for column in ("", "from", "to", "the kernel"):
        made.add_column(column, overflow="fold")
    for verdict in verdicts:
        seen = Text(verdict.seen)
        if not verdict.agrees:
            seen.append(f"\nexpected: {verdict.expected}", "bold red")
        if not verdict.agrees and verdict.entry:
            seen.append(f"\nconntrack: {verdict.entry}", "bold red")
        if not verdict.agrees and verdict.expected_entry:
            seen.append(f"\nexpected: {verdict.expected_entry}", "bold red")
        mark = Text("✓", "green") if verdict.agrees else Text("✗", "bold red")
        made.add_row(mark, Text(verdict.source), Text(verdict.destination), seen)
    return made
