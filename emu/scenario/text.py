"""How values and paths of a scenario are printed in messages: short, and safe for a terminal."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from emu.scenario.scalars import plain

LONGEST: Final = 60
"""Characters of a value in a message."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_PATH = 200


def printable(value: Any, longest: int = LONGEST) -> str:
    """The value on one line, as in YAML; mappings and lists are not shown."""
    if isinstance(value, dict | list | tuple):
        return ""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)[: longest + 1]
    text = "".join(map(_escaped, text))
    if isinstance(value, str) and not isinstance(plain(value), str):
        text = f'"{text}"'
    if len(text) > longest:
        text = text[: longest - 3] + "..."
    return text


def _escaped(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def listed(name: str, known: Iterable[str], most: int = 20) -> str:
    """The known names, those most like ``name`` first."""
    names = list(dict.fromkeys(known))
    near = get_close_matches(name, names, n=3)
    ordered = [*near, *(other for other in names if other not in near)]
    more = [f"and {len(ordered) - most} more"] if len(ordered) > most else []
    return ", ".join([*(printable(other) for other in ordered[:most]), *more]) or "none"


def path_text(path: Iterable[str | int]) -> str:
    """A path as in ``spec.dns["example.com"][0]``, which an override reads as well."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part) and len(part) <= LONGEST:
            text += f".{part}" if text else part
        else:
            text += f'["{printable(part)}"]'
        if len(text) > _LONGEST_PATH:
            return text[:_LONGEST_PATH] + "..."
    return text
