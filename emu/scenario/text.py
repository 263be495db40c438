"""How values and paths of a scenario are printed in messages: short, and safe for a terminal."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any, Final

from emu.scenario.scalars import plain

LONGEST: Final = 60
"""Characters of a value in a message."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_PATH = 200
_LIKE = 0.6
_MOST_COMPARED = 1000


def printable(value: Any, longest: int = LONGEST) -> str:
    """The value on one line, as in YAML; mappings and lists are not shown."""
    if isinstance(value, dict | list | tuple):
        return ""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str) and not isinstance(plain(value), str):
        return f'"{escaped(value, longest)}"'
    return escaped(str(value), longest)


def escaped(text: str, longest: int = LONGEST) -> str:
    """The text without control characters, shortened."""
    text = "".join(map(_escaped, text[: longest + 1]))
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _escaped(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def listed(name: str, known: Iterable[str], most: int = 20) -> str:
    """The known names, those most like ``name`` first."""
    names = list(dict.fromkeys(known))
    if len(names) <= _MOST_COMPARED:
        names.sort(key=lambda other: -_likeness(name, other))
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*map(escaped, names[:most]), *more]) or "none"


def _likeness(name: str, other: str) -> float:
    ratio = SequenceMatcher(None, name, other).ratio()
    return ratio if ratio > _LIKE else 0.0


def path_text(path: Iterable[str | int]) -> str:
    """A path as in ``spec.dns["example.com"][0]``, which an override reads as well."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part) and len(part) <= LONGEST:
            text += f".{part}" if text else part
        else:
            text += f'["{escaped(part)}"]'
        if len(text) > _LONGEST_PATH:
            return text[:_LONGEST_PATH] + "..."
    return text
