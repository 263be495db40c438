"""Where a value of a scenario stands: from a path back to file and line, for a message."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from emu.errors import Mistake
from emu.scenario.text import path_text, printable
from emu.scenario.yaml_reader import LineDict, LineList

OVERRIDE: Final = "override"
"""Stands in place of a file for values that an override gave."""

Path = Sequence[str | int]


class Place(NamedTuple):
    """A document, or an item of a list of objects: its raw value, and how paths into it begin."""

    file: str
    value: Any
    prefix: str = ""

    def mistake(self, path: Path, rule: str) -> Mistake:
        """What stands at the path is wrong.

        The path ends where the text ends: what a shorthand stands for is not in the text.
        """
        line, value, known = self._walk(path)
        return self._at(line, known, printable(value) if known else "", rule)

    def missing(self, path: Path, rule: str) -> Mistake:
        """What should stand at the path does not, or should not stand there at all."""
        return self._at(self._walk(path)[0], path, "", rule)

    def where(self) -> str:
        """File and line."""
        return f"{printable(self.file, 200)}:{getattr(self.value, 'line', 0)}"

    def _at(self, line: int, path: Path, value: str, rule: str) -> Mistake:
        file = printable(self.file, 200) if line else OVERRIDE
        text = (self.prefix + path_text(path)).removesuffix(".")
        return Mistake(file, line, text, value, rule)

    def _walk(self, path: Path) -> tuple[int, Any, Path]:
        """The line of the last part of the path that is in the text, its value, and its path."""
        value, line = self.value, getattr(self.value, "line", 0)
        for depth, part in enumerate(path):
            if isinstance(value, LineDict) and isinstance(part, str) and part in value:
                line = value.lines[list(value).index(part)]
                value = value[part]
            elif isinstance(value, LineList) and isinstance(part, int) and part < len(value):
                line, value = value.lines[part], value[part]
            else:
                return line, value, path[:depth]
        return line, value, path
