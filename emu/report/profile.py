"""Where the time of a run went, for a terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from emu.recorder.timing import EventTime, Profile
from emu.report.tables import table
from emu.report.words import count, percent, seconds


def profile_view(profile: Profile) -> list[RenderableType]:
    """The phases of a run, and the events that its engine handled."""
    return [_phases(profile), _events(profile)]


def _phases(profile: Profile) -> RenderableType:
    whole = profile.build + profile.compile + profile.engine + profile.finish
    made = table("Where the time went", "time", "share")
    for name, part in (
        ("laying out the model", profile.build),
        ("compiling", profile.compile),
        ("letting time pass", profile.engine),
        ("  of that handing rows to the recorder", profile.hand_over),
        ("writing the rest, summing up", profile.finish),
    ):
        made.add_row(name, seconds(part), percent(part / whole))
    beside = Text(f"{seconds(profile.writer)} of writing beside the engine", "dim")
    return Group(made, beside)


def _events(profile: Profile) -> RenderableType:
    whole = sum(event.seconds for event in profile.events)
    made = table("Events", "number", "time", "each", "share")
    for event in profile.events:
        made.add_row(*_event(event, whole))
    draws = profile.draws
    drawn = draws.count * draws.nanoseconds_each / 1e9
    made.add_row(
        "random draws in them", count(draws.count), seconds(drawn),
        f"{draws.nanoseconds_each:,.0f} ns", percent(drawn / whole),
        style="dim",
    )  # fmt: skip
    return made


def _event(event: EventTime, whole: float) -> tuple[str, ...]:
    each = f"{event.seconds / event.count * 1e9:,.0f} ns"
    return (
        event.kind,
        count(event.count),
        seconds(event.seconds),
        each,
        percent(event.seconds / whole),
    )
