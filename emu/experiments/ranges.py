"""Ranges of values: ``LO..HI``, ``LO..HI:STEP``, ``log LO..HI`` and ``log LO..HI:N``.

==========================  ============================================================
text                        values
==========================  ============================================================
``1..4``                    1, 2, 3, 4: a step of 1 where the ends are whole
``0.1..0.3:0.1``            0.1, 0.2, 0.3: exact, in decimal digits
``10ms..50ms:20ms``         10ms, 30ms, 50ms: ends and step have the same unit
``log 1..100:3``            1, 10, 100: so many, evenly spaced on a logarithmic scale
``log 1..10``               1, 2, 4, 8, 10: doubled from the first end, and the other end
==========================  ============================================================

The upper end is a value where a step reaches it. Values on a logarithmic scale have six significant
digits; between whole ends they are whole, and what then is the same is there once.
"""

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

MOST_VALUES: Final = 10_000
"""Values of one range."""

_DIGITS: Final = 6
_FORM: Final = "must be LO..HI, LO..HI:STEP, log LO..HI or log LO..HI:N"
_LIKE_ONE: Final = re.compile(r"\s*(log\s|[-+]?[\d.])[^,]*\.\.", re.ASCII)
_RANGE: Final = re.compile(r"(log\s+)?(.*?)\.\.(.*?)(?::(.*))?")
_NUMBER: Final = re.compile(r"(-?\d{1,18}(?:\.\d{1,18})?)([A-Za-zµ/%]*)", re.ASCII)


class Quantity(NamedTuple):
    """A number with its unit, which may be empty."""

    number: Decimal
    unit: str


class Range(NamedTuple):
    """A range as it was written, from ``low`` to ``high``, and the ``values`` that it stands for.

    The values are numbers where there is no unit, and texts with it where there is one.
    """

    text: str
    low: Decimal
    high: Decimal
    unit: str
    is_log: bool
    values: tuple[Any, ...]

    @property
    def is_whole(self) -> bool:
        """Whether both ends are whole numbers."""
        return _is_whole(self.low) and _is_whole(self.high)

    def at(self, share: float) -> Any:
        """The value that far between the ends, ``share`` from 0 to below 1, whatever the step.

        Between whole ends all whole numbers have as much room as one another, on the scale.
        """
        low, high = float(self.low), float(self.high) + self.is_whole
        value = low * (high / low) ** share if self.is_log else low + (high - low) * share
        if self.is_whole:
            return _value(Decimal(min(int(self.high), math.floor(value))), self.unit)
        return _value(_rounded(value), self.unit)


def is_range(text: str) -> bool:
    """Whether the text is meant as a range: one piece, with ``..`` behind a number or ``log``."""
    return _LIKE_ONE.match(text) is not None and "," not in text


def parse_range(text: str) -> Range:
    """The range. Raises ValueError with the rule that the text breaks."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise ValueError(_FORM)
    is_log = found[1] is not None
    low, high = (_end(piece) for piece in found.group(2, 3))
    if low.unit != high.unit:
        raise ValueError("must have one unit at both ends, as in 10ms..50ms:10ms")
    if low.number > high.number:
        raise ValueError("must not end below its beginning")
    numbers = _spaced(low, high, found[4]) if is_log else _stepped(low, high, found[4])
    values = tuple(_value(number, low.unit) for number in numbers)
    return Range(text.strip(), low.number, high.number, low.unit, is_log, values)


def quantity(value: object) -> Quantity | None:
    """A number, alone or with a unit behind it; None where it is something else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = value if isinstance(value, str) else format(Decimal(repr(value)), "f")
    found = _NUMBER.fullmatch(text)
    return Quantity(Decimal(found[1]), found[2]) if found else None


def _end(text: str) -> Quantity:
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise ValueError(_FORM)
    return Quantity(Decimal(found[1]), found[2])


def _stepped(low: Quantity, high: Quantity, text: str | None) -> list[Decimal]:
    if text is None:
        if not (_is_whole(low.number) and _is_whole(high.number)):
            raise ValueError("must have a step, as in 0.1..0.3:0.1, where its ends are not whole")
        step = Decimal(1)
    else:
        step = _step(text, low.unit)
    count = Fraction(high.number - low.number) // Fraction(step) + 1
    if count > MOST_VALUES:
        raise ValueError(f"must have at most {MOST_VALUES:,} values; it has {count:,}")
    return [low.number + step * index for index in range(count)]


def _step(text: str, unit: str) -> Decimal:
    step = _end(text)
    if step.unit != unit:
        raise ValueError("must have a step with the unit of its ends, as in 10ms..50ms:10ms")
    if step.number <= 0:
        raise ValueError("must have a step above 0")
    return step.number


def _spaced(low: Quantity, high: Quantity, text: str | None) -> list[Decimal]:
    if low.number <= 0:
        raise ValueError("must begin above 0 on a logarithmic scale")
    if text is None:
        inner = _doubled(low.number, high.number)
    else:
        inner = _even(low.number, high.number, _count(text))
    if _is_whole(low.number) and _is_whole(high.number):
        inner = [Decimal(round(number)) for number in inner]
    return list(dict.fromkeys([low.number, *inner, high.number]))


def _doubled(low: Decimal, high: Decimal) -> list[Decimal]:
    found = []
    while (low := low * 2) < high:
        found.append(low)
    return found


def _even(low: Decimal, high: Decimal, count: int) -> list[Decimal]:
    ratio = float(high / low)
    return [_rounded(float(low) * ratio ** (index / (count - 1))) for index in range(1, count - 1)]


def _count(text: str) -> int:
    text = text.strip()
    if not text.isdecimal() or not 2 <= int(text) <= MOST_VALUES:
        raise ValueError(f"must have from 2 to {MOST_VALUES:,} values, as in log 1..100:5")
    return int(text)


def _rounded(value: float) -> Decimal:
    return Decimal(f"{value:.{_DIGITS}g}")


def _is_whole(number: Decimal) -> bool:
    return number == number.to_integral_value()


def _value(number: Decimal, unit: str) -> Any:
    if not unit:
        return int(number) if _is_whole(number) else float(number)
    digits = format(number, "f")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}{unit}"
