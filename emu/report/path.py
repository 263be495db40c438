"""The way of a request as tables."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from emu.path import LogicalStep, WireStep
from emu.path.wire import FORWARD
from emu.report.words import NOTHING

_COLUMNS = ("step", "source", "port", "destination", "port", "what happens")


def logical_table(steps: Iterable[LogicalStep], title: str = "") -> Table:
    """The steps as people draw them."""
    return path_table([(number, *step) for number, step in enumerate(steps, start=1)], title)


def wire_table(steps: Iterable[WireStep], title: str = "") -> Table:
    """What each interface carries, ``>`` forward and ``<`` back, each rule on a line of its own."""
    rows = []
    for number, step in enumerate(steps, start=1):
        arrow = ">" if step.direction == FORWARD else "<"
        what = "\n".join((step.place, *step.what.split("; ")))
        addresses = (step.src, step.src_port, step.dst, step.dst_port)
        rows.append((f"{number} {arrow}", *addresses, what))
    return path_table(rows, title)


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
