"""The types of a scenario's quantities: text as people write it, validated into numbers.

A plain number stands for the base unit where that is what people write (seconds are not: a
duration needs its unit). Each type is written back in a form that reads as the same value.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from emu import units

_NEGATIVE = re.compile(r"-[0-9.]")
"""So that ``-5ms`` meets the rule that it must not be below 0, not one about its spelling."""


def _read(parse: Callable[[str], Any], plain: type | tuple[type, ...]) -> BeforeValidator:
    def read(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise PydanticCustomError("quantity", str(_rule_of(parse)))
        if isinstance(value, plain):
            return value
        text = str(value).replace(" ", "")
        try:
            return -parse(text[1:]) if _NEGATIVE.match(text) else parse(text)
        except ValueError as error:
            raise PydanticCustomError("quantity", str(error)) from None

    return BeforeValidator(read)


def _rule_of(parse: Callable[[str], Any]) -> ValueError:
    """What the parser says of something that is no quantity at all."""
    try:
        parse("?")
    except ValueError as error:
        return error
    raise AssertionError("a parser took a question mark")


def _json(pattern: str, *plain: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "string", "pattern": pattern},
                                     *({"type": kind} for kind in plain)]})  # fmt: skip


_NUMBER = r"[0-9]+(\.[0-9]+)?"

_DURATIONS = {"h": 3600 * units.SECOND, "m": 60 * units.SECOND, "s": units.SECOND,
              "ms": 1_000_000, "us": 1_000}  # fmt: skip


def write_duration(nanoseconds: int) -> str:
    """The duration in the largest unit in which it is a whole number: ``20ms``."""
    for unit, length in _DURATIONS.items():
        if nanoseconds % length == 0 and nanoseconds:
            return f"{nanoseconds // length}{unit}"
    return f"{nanoseconds}ns" if nanoseconds else "0s"


def _write_rate(rate: float) -> str:
    """The rate in plain digits, so that it reads as the same float: ``200/s``."""
    digits = format(Decimal(repr(rate)), "f")
    return f"{digits.removesuffix('.0')}/s"


Duration = Annotated[
    int,
    _read(units.parse_duration, ()),
    Field(ge=0),
    PlainSerializer(write_duration),
    _json(rf"^(0|({_NUMBER}(ns|us|µs|ms|s|m|h))+)$"),
]
"""A duration; int nanoseconds, at least 0."""

AUTO: Final = "auto"
"""Asks for a duration that is found from the run."""


def _found_or_given(text: str) -> int | str:
    try:
        return AUTO if text == AUTO else units.parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{error}, or auto") from None


def _not_negative(value: int | str) -> int | str:
    if isinstance(value, int) and value < 0:
        raise ValueError("must be at least 0")
    return value


DurationOrAuto = Annotated[
    int | Literal["auto"],
    _read(_found_or_given, ()),
    AfterValidator(_not_negative),
    PlainSerializer(lambda value: AUTO if value == AUTO else write_duration(value)),
    _json(rf"^(auto|0|({_NUMBER}(ns|us|µs|ms|s|m|h))+)$"),
]
"""A duration, or that it is to be found; int nanoseconds, at least 0, or `AUTO`."""

Rate = Annotated[
    float,
    _read(units.parse_rate, ()),
    Field(gt=0),
    PlainSerializer(_write_rate),
    _json(rf"^{_NUMBER}/(s|m|h)$"),
]
"""A rate; float per second, above 0."""

RateOrZero = Annotated[
    float,
    _read(units.parse_rate, ()),
    Field(ge=0),
    PlainSerializer(_write_rate),
    _json(rf"^{_NUMBER}/(s|m|h)$"),
]
"""A rate that may be 0 for a time; float per second."""

Bandwidth = Annotated[
    int,
    _read(units.parse_bandwidth, ()),
    Field(gt=0),
    PlainSerializer(lambda bits: f"{bits}bit"),
    _json(rf"^{_NUMBER}(bit|kbit|Mbit|Gbit|Tbit)$"),
]
"""A bandwidth; int bits per second, above 0."""

Cpu = Annotated[
    float,
    _read(units.parse_cpu, (int, float)),
    Field(gt=0, le=100_000),
    _json(rf"^{_NUMBER}m?$", "number"),
]
"""Cores, as in ``4`` or ``500m``; above 0."""

Size = Annotated[
    int,
    _read(units.parse_size, int),
    Field(ge=0, le=2**40),
    _json(rf"^{_NUMBER}(k|M|G|Ki|Mi|Gi)?$", "integer"),
]
"""A number of bytes."""

Memory = Annotated[
    int,
    _read(units.parse_memory, int),
    Field(ge=0, le=2**60),
    _json(rf"^{_NUMBER}([eE][+-]?[0-9]+|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$", "integer"),
]
"""An amount of memory as Kubernetes writes it, as in ``128Mi``, ``500M`` or ``1e9``; bytes."""

Fraction = Annotated[
    float,
    _read(units.parse_fraction, (int, float)),
    Field(ge=0, le=1),
    _json(rf"^{_NUMBER}%?$", "number"),
]
"""A share between 0 and 1."""
