"""The types of a scenario's quantities: text as people write it, validated into numbers.

A plain number stands for the base unit where that is what people write (seconds are not: a
duration needs its unit). Each type is written back in a form that reads as the same value.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from emu import units


def _read(parse: Callable[[str], float], plain: type | tuple[type, ...]) -> BeforeValidator:
    def read(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise PydanticCustomError("quantity", str(_rule_of(parse)))
        if isinstance(value, plain):
            return value
        try:
            return parse(str(value).replace(" ", ""))
        except ValueError as error:
            raise PydanticCustomError("quantity", str(error)) from None

    return BeforeValidator(read)


def _rule_of(parse: Callable[[str], float]) -> ValueError:
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

Duration = Annotated[
    int,
    _read(units.parse_duration, ()),
    PlainSerializer(lambda ns: f"{ns}ns"),
    _json(rf"^-?0$|^({_NUMBER}(ns|us|µs|ms|s|m|h))+$"),
]
"""A duration; int nanoseconds."""

Rate = Annotated[
    float,
    _read(units.parse_rate, ()),
    Field(gt=0),
    PlainSerializer(lambda rate: f"{rate!r}/s"),
    _json(rf"^{_NUMBER}/(s|m|h)$"),
]
"""A rate; float per second, above 0."""

Bandwidth = Annotated[
    int,
    _read(units.parse_bandwidth, ()),
    Field(gt=0),
    PlainSerializer(lambda bits: f"{bits}bit"),
    _json(rf"^{_NUMBER}(bit|kbit|Mbit|Gbit|Tbit)$"),
]
"""A bandwidth; int bits per second, above 0."""

Size = Annotated[
    int,
    _read(units.parse_size, int),
    Field(ge=0, le=2**40),
    _json(rf"^{_NUMBER}(k|M|G|Ki|Mi|Gi)?$", "integer"),
]
"""A number of bytes."""

Fraction = Annotated[
    float,
    _read(units.parse_fraction, (int, float)),
    Field(ge=0, le=1),
    _json(rf"^{_NUMBER}%?$", "number"),
]
"""A share between 0 and 1."""
