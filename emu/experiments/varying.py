"""What is varied: paths of a scenario with the values that each takes, and the variants of these.

``PATH=A,B,C`` has three values; a comma inside brackets, braces or quotes belongs to a value, as in
``spec.loadBalancers[0].strategy=round_robin,{power_of_d_choices: {d: 3}}``. A single value may be a
range, as `emu.experiments.ranges` has them: ``PATH=1..8``.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from emu.errors import Mistake, ScenarioError
from emu.experiments.axis import Axis
from emu.experiments.designs import DESIGNS
from emu.experiments.ranges import is_range, parse_range
from emu.experiments.replicating import SEED
from emu.scenario import parse_overrides
from emu.scenario.text import printable

Values = Sequence[Any] | str
"""The values of a path: a list, or a text as ``--vary`` has it behind the ``=``."""

# A quote opens a text at the beginning of a value only: in `it's` it is a letter.
_TOKEN: Final = re.compile(
    r"""(?<![^\s\[{,:=])(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")|[^\[\]{},'"]+|.""", re.DOTALL
)
_DEPTHS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


class Variant(NamedTuple):
    """One of the scenarios that are compared."""

    name: str
    """Its values, as a table shows them."""
    overrides: dict[str, Any]
    """What it puts in place of the file's values, by path."""


def parse_variations(texts: Iterable[str]) -> dict[str, Values]:
    """Paths and their values, of ``PATH=A,B`` texts; values are YAML, or a range as it is written.

    Raises ScenarioError.
    """
    variations: dict[str, Values] = {}
    mistakes: list[Mistake] = []
    for text in texts:
        path, equals, values = text.partition("=")
        path = path.strip()
        if not equals or not path:
            mistakes.append(_mistake(text, "must be PATH=A,B,..."))
        elif path in variations:
            mistakes.append(_mistake(path, "is varied twice"))
        else:
            try:
                axis = _of_text(path, values)
            except ValueError as error:
                variations[path] = []
                mistakes += (_mistake(text, rule) for rule in error.args)
            else:
                variations[path] = axis.as_written
    if mistakes:
        raise ScenarioError(mistakes)
    return variations


def axes(
    variations: Mapping[str, Values], overrides: Mapping[str, Any], least: int
) -> tuple[list[Axis], list[tuple[str, str]]]:
    """What is varied, and what is wrong with it: paths, each with the rule that it breaks.

    ``overrides`` hold for all variants; each path has to have ``least`` values or more.
    """
    made, broken = list[Axis](), list[tuple[str, str]]()
    for path, values in variations.items():
        try:
            axis = _of_text(path, values) if isinstance(values, str) else Axis(path, (*values,))
        except ValueError as error:
            broken += ((path, rule) for rule in error.args)
        else:
            made.append(axis)
            broken += ((path, rule) for rule in _broken_rules(axis, overrides, least))
    return made, broken


def variants(variations: Mapping[str, Values], overrides: Mapping[str, Any]) -> list[Variant]:
    """Every combination of the values, those of the last path changing first.

    ``overrides`` hold for all of them. Raises ScenarioError where there is nothing to compare.
    """
    made, broken = axes(variations, overrides, 2)
    mistakes = [_mistake(*found) for found in broken]
    if not variations:
        rule = "nothing is varied: give a path and two values or more"
        mistakes.append(Mistake("vary", 0, "", "", rule))
    if mistakes:
        raise ScenarioError(mistakes)
    return [
        Variant(", ".join(map(written, values)), dict(zip(variations, values, strict=True)))
        for values in DESIGNS["grid"].points(made, 0, 0)
    ]


def written(value: Any) -> str:
    """The value on one line, much as ``--set`` takes it, for people."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {written(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    return printable(value)


def as_json(value: Any) -> Any:
    """The value as JSON takes it; what JSON has no form for, as a text."""
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _of_text(path: str, text: str) -> Axis:
    """The axis of a text as ``--vary`` has it. Raises ValueError with every rule that it breaks."""
    if is_range(text):
        found = parse_range(text)
        return Axis(path, found.values, found)
    pieces = [piece.strip() for piece in _split(text)]
    if not all(pieces):
        raise ValueError("has an empty value")
    values, rules = list[Any](), list[str]()
    for piece in pieces:
        try:
            values += parse_overrides([f"{path}={piece}"]).values()
        except ScenarioError as error:
            rules += (found.rule for found in error.mistakes)
    if rules:
        raise ValueError(*rules)
    return Axis(path, tuple(values))


def _broken_rules(axis: Axis, overrides: Mapping[str, Any], least: int) -> Iterator[str]:
    path, values, _ = axis
    if path == SEED:
        yield "cannot be varied: each replication has a seed of its own"
    if path in overrides:
        yield "is both set and varied"
    if len(values) < least:
        yield "must have two values or more to compare" if least == 2 else "must have a value"
    counts = Counter(map(repr, values))  # 1 and true are two values, though Python has them equal
    for name in sorted({written(one) for one in values if counts[repr(one)] > 1}):
        yield f"has {name} twice"


def _split(values: str) -> list[str]:
    """The text at the commas that are in no brackets, braces or quotes."""
    pieces, depth = [""], 0
    for token in _TOKEN.findall(values):
        depth = max(0, depth + _DEPTHS.get(token, 0))
        if token == "," and not depth:
            pieces.append("")
        else:
            pieces[-1] += token
    return pieces


def _mistake(path: str, rule: str) -> Mistake:
    return Mistake("vary", 0, printable(path), "", rule)
