"""What is varied: paths of a scenario with the values that each takes, and the variants of these.

``PATH=A,B,C`` has three values; a comma inside brackets, braces or quotes belongs to a value, as in
``spec.loadBalancers[0].strategy=round_robin,{power_of_d_choices: {d: 3}}``.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from emu.errors import Mistake, ScenarioError
from emu.scenario import parse_overrides
from emu.scenario.text import printable

SEED: Final = "spec.seed"

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


def parse_variations(texts: Iterable[str]) -> dict[str, list[Any]]:
    """Paths and their values, of ``PATH=A,B`` texts; values are YAML. Raises ScenarioError."""
    variations: dict[str, list[Any]] = {}
    mistakes: list[Mistake] = []
    for text in texts:
        path, equals, values = text.partition("=")
        path = path.strip()
        pieces = [piece.strip() for piece in _split(values)]
        if not equals or not path:
            mistakes.append(_mistake(text, "must be PATH=A,B,..."))
        elif path in variations:
            mistakes.append(_mistake(path, "is varied twice"))
        elif not all(pieces):
            mistakes.append(_mistake(text, "has an empty value"))
        else:
            variations[path] = []
            for piece in pieces:
                try:
                    variations[path] += parse_overrides([f"{path}={piece}"]).values()
                except ScenarioError as error:
                    mistakes += (_mistake(text, found.rule) for found in error.mistakes)
    if mistakes:
        raise ScenarioError(mistakes)
    return variations


def variants(
    variations: Mapping[str, Sequence[Any]], overrides: Mapping[str, Any]
) -> list[Variant]:
    """Every combination of the values, those of the last path changing first.

    ``overrides`` hold for all of them. Raises ScenarioError where there is nothing to compare.
    """
    mistakes = [
        _mistake(path, rule)
        for path, values in variations.items()
        for rule in _broken_rules(path, values, overrides)
    ]
    if not variations:
        rule = "nothing is varied: give a path and two values or more"
        mistakes.append(Mistake("vary", 0, "", "", rule))
    if mistakes:
        raise ScenarioError(mistakes)
    return [
        Variant(", ".join(map(written, values)), dict(zip(variations, values, strict=True)))
        for values in product(*variations.values())
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


def _broken_rules(path: str, values: Sequence[Any], overrides: Mapping[str, Any]) -> Iterable[str]:
    if isinstance(values, str):
        yield "must have a list of values"
        return
    if path == SEED:
        yield "cannot be varied: each replication has a seed of its own"
    if path in overrides:
        yield "is both set and varied"
    if len(values) < 2:
        yield "must have two values or more to compare"
    for name in sorted({written(one) for one in values if _count(one, values) > 1}):
        yield f"has {name} twice"


def _count(one: Any, values: Sequence[Any]) -> int:
    """How often it is there; 1 and true are two values, though Python has them equal."""
    return [repr(value) for value in values].count(repr(one))


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
