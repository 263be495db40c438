"""Where the time of a run went, in a terminal."""

import io

from rich.console import Console, Group

from emu.recorder.timing import Draws, EventTime, Profile
from emu.report.profile import profile_view

PROFILE = Profile(
    build=0.5, compile=0.0, engine=2.0, hand_over=0.25, finish=1.5, writer=0.75,
    events=(
        EventTime(kind="service_end", count=10_000_000_000, seconds=1500.0),
        EventTime(kind="control", count=10, seconds=500.0),
    ),
    draws=Draws(count=40_000_000_000, nanoseconds_each=20.0),
)  # fmt: skip


def lines_of(view):
    """The lines that a console of 80 columns prints."""
    console = Console(file=io.StringIO(), width=80)
    console.print(Group(*view))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_phases_and_events_stand_with_their_shares():
    """Phases share the run, kinds of events the engine's time, and a draw has its own line."""
    lines = lines_of(profile_view(PROFILE))
    rows = [line.split() for line in lines]
    assert ["letting", "time", "pass", "2", "s", "50.00", "%"] in rows
    assert ["of", "that", "handing", "rows", "to", "the", "recorder", "250", "ms", "6.25", "%"] in (
        rows
    )
    assert ["service_end", "10,000,000,000", "1500", "s", "150", "ns", "75.00", "%"] in rows
    assert any(row[:4] == ["random", "draws", "in", "them"] and row[-2:] == ["40.00", "%"]
               for row in rows)  # fmt: skip
    assert max(map(len, lines)) <= 80
