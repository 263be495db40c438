"""What a plain scalar of YAML stands for.

As sigs.k8s.io/yaml (YAML 1.1 by go-yaml, then JSON) has it for ``kubectl``: ``yes``, ``no``, ``on``
and ``off`` are booleans, ``0x1f``, ``0b1``, ``0o17`` and ``017`` are integers, ``1e3`` is a float;
``1:30`` (base 60 in YAML 1.1) and timestamps stay strings. Other than there, ``y`` and ``n`` are
strings, and integers may have more than 64 bits.
"""

import re
from functools import lru_cache
from typing import Any, Final

NULLS: Final = ("", "~", "null", "Null", "NULL")
_CONSTANTS: Final = {
    **dict.fromkeys(NULLS),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGER = re.compile(r"[-+]?(0x[0-9a-fA-F_]+|0b[01_]+|0o?[0-7_]+|0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 100


@lru_cache(maxsize=16_384)
def plain(text: str) -> Any:
    """The value of a plain scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    return text


def _integer(text: str) -> int | str:
    digits = text.replace("_", "").lower()
    if re.fullmatch(r"[-+]?0[0-7]+", digits):
        return int(digits, 8)
    try:
        return int(digits, 0)
    except ValueError:  # underscores alone, as in 0x_
        return text
