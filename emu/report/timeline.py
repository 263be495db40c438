"""What happened to the cluster in a run, for a terminal."""

from pathlib import Path
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from emu.report.events import Event, events
from emu.report.tables import table
from emu.report.words import count
from emu.units import SECOND

MOST: Final = 20
"""So many lines there are: first of all what the scenario did to the run."""
_READ: Final = 2000
_CAUSES: Final = ("timeline", "fault")


def timeline_view(folder: Path) -> list[RenderableType]:
    """The events of the run in ``folder``, gathered by moment and kind; none where nothing
    happened. Raises ResultsError where they cannot be read."""
    every, more = events(folder, _READ)
    if not every:
        return []
    found = _chosen(every)
    more += len(every) - len(found)
    made = table("Timeline")
    for column in ("what", "of", "why"):
        made.add_column(column, overflow="fold")
    for event in found:
        made.add_row(f"{event.at_ns / SECOND:.3f} s", event.kind, event.words, _why(event))
    if more:
        return [made, Text(f"{count(more)} more moments are left out: see events.parquet")]
    return [made]


def _chosen(every: list[Event]) -> list[Event]:
    """Those that are shown, in their order."""
    by_cause = sorted(range(len(every)), key=lambda place: every[place].cause not in _CAUSES)
    return [every[place] for place in sorted(by_cause[:MOST])]


def _why(event: Event) -> str:
    return "; ".join(filter(None, (event.cause, event.detail)))
