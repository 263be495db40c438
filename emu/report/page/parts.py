"""What a section is made of."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Cells(NamedTuple):
    """A table. Numbers are text already; the columns named in ``numbers`` stand to the right."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int = 1
    """So many columns from the left hold names; the others hold numbers."""
    note: str = ""


class Chart(NamedTuple):
    """A drawing with what it says, in words and in numbers."""

    title: str
    says: str
    """What a reader who does not see the drawing must know; it is made from the data."""
    table: Cells
    spec: dict[str, Any] | None = None
    """A Vega-Lite specification; or else there is"""
    svg: str = ""
    """a drawing, safe to be put into a page as it is."""
    note: str = ""
    """How to read it."""


class Section(NamedTuple):
    """A part of the page under its own heading."""

    key: str
    """Its place in the page's address."""
    title: str
    parts: Sequence[Chart | Cells | str]
    """A text is a paragraph."""
