"""Numbers as tables show them; None, for what there is nothing of, is a dash."""

from emu.units import SECOND, format_duration

NOTHING = "-"


def seconds(value: float | None) -> str:
    """A duration given in seconds, in the unit that suits it: ``12.3 ms``."""
    return NOTHING if value is None else format_duration(value * SECOND)


def percent(share: float | None) -> str:
    """A share with two decimals: ``33.33 %``."""
    return NOTHING if share is None else f"{share:,.2%}".replace("%", " %")


def count(number: int) -> str:
    """A number with its thousands apart: ``12,003``."""
    return f"{number:,}"
