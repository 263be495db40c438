"""What one path of a scenario may be: a list of values, or a range."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from emu.experiments.ranges import Range, quantity


class Axis(NamedTuple):
    """A varied path and its values, of a range where it was written as one."""

    path: str
    values: tuple[Any, ...]
    range: Range | None = None

    def at(self, share: float) -> Any:
        """The value at a share from 0 to below 1 of the way through a range, or of a list."""
        if self.range is not None:
            return self.range.at(share)
        return self.values[int(share * len(self.values))]

    @property
    def as_written(self) -> Any:
        """The values as a file has them: a range's text, or a list."""
        return list(self.values) if self.range is None else self.range.text


def numbers(values: Sequence[Any]) -> tuple[list[Decimal], str] | None:
    """The values as numbers of one unit, and that unit; None where they are no such numbers."""
    found = [quantity(value) for value in values]
    units = {one.unit for one in found if one is not None}
    if None in found or len(units) != 1:
        return None
    return [one.number for one in found if one is not None], units.pop()
