"""The way of a request as a table."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from emu.report.words import NOTHING

_COLUMNS = ("step", "source", "port", "destination", "port", "what happens")


def path_table(rows: Iterable[Sequence[str | int | None]], title: str = "") -> Table:
    """Rows of (step, source, port, destination, port, what), for 80 columns; None is a dash.

    Addresses and rules are folded where they are longer than their column, never cut.
    """
    made = Table(
        title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False,
        pad_edge=False, padding=(0, 1, 0, 0), header_style="dim",
    )  # fmt: skip
    for name in _COLUMNS:
        number = name in ("step", "port")
        made.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(NOTHING if value is None else str(value)) for value in row))
    return made
