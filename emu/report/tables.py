"""One look for all tables: no frame, a line under the head, numbers to the right."""

from rich import box
from rich.table import Table
from rich.text import Text


def table(title: str, *columns: str) -> Table:
    """A table whose first column holds names, under ``title``, and the others numbers."""
    made = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0),
        header_style="dim",
    )  # fmt: skip
    made.add_column(Text(title, "bold not dim"), overflow="fold")
    for column in columns:
        made.add_column(column, justify="right", no_wrap=True)
    return made
