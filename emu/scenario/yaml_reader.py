"""YAML read safely, with the line of every key and item, from the parser's events.

Nothing is executed and nothing is expanded: values are null, true and false, integers, floats,
strings, `Lines` mappings and lists, and an alias is the very value it names. What would cost memory
is refused while it is read: see `MOST_NODES`, `DEEPEST` and `LARGEST_FILE`.

Plain scalars are resolved by `emu.scenario.scalars`. A key is always the text that stands there
(``8080:`` is the key ``"8080"``, as in JSON). ``<<`` merges mappings. Tags other than YAML's own
for these types are refused.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from emu.errors import Mistake, ScenarioError
from emu.scenario.scalars import NULLS, plain
from emu.scenario.text import path_text, printable

LARGEST_FILE: Final = 64 * 2**20
"""Bytes of a file."""
MOST_NODES: Final = 4_000_000
"""Scalars and collections of a file, each alias counted as large as what it names: at most half a
gigabyte of memory, and room for 50,000 Pods written out."""
DEEPEST: Final = 64
"""Collections inside one another."""

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_TYPES: Final = {
    "null": type(None), "bool": bool, "int": int, "float": float, "str": str,
}  # fmt: skip


class LineDict(dict[str, Any]):
    """A mapping that knows its own ``line`` and, in ``lines``, those of its keys in their order."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


class LineList(list[Any]):
    """A list that knows its own ``line`` and, in ``lines``, those of its items."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


class _Built(NamedTuple):
    """What an anchor names: its value, how many nodes it has, and how deep it is."""

    value: Any
    nodes: int
    height: int


class _Frame:
    """A collection that is being read."""

    __slots__ = ("anchor", "height", "key", "key_line", "merged", "start", "value")

    def __init__(self, value: LineDict | LineList, anchor: str | None, start: int) -> None:
        self.value, self.anchor, self.start = value, anchor, start
        self.height = 1
        self.key: str | None = None
        self.key_line = 0
        self.merged: list[Any] | None = None


def read_file(path: Path, name: str) -> list[Any]:
    """The documents of the file, called ``name`` in messages; empty ones are left out.

    Raises ScenarioError.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _error(name, 0, f"cannot be read: {reason}") from None
    if len(content) > LARGEST_FILE:
        raise _error(name, 0, f"must be at most {LARGEST_FILE >> 20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _error(name, line, "must be UTF-8 text") from None
    return read(text, name)


def read(text: str, name: str) -> list[Any]:
    """The documents of ``text``; empty ones are left out. Raises ScenarioError."""
    builder = _Builder(name)
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 0
        raise _error(name, line, f"is not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = _line_of_character(text, error.character)
        raise _error(name, line, "must not contain control characters") from None
    if builder.mistakes:
        raise ScenarioError(builder.mistakes)
    return [document for document in builder.documents if document is not None]


def _events(text: str) -> Iterator[Any]:
    parser = _Parser(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    finally:
        parser.dispose()


def _line_of_character(text: str, character: Any) -> int:
    """The line of the character that the reader refused (the C and Python readers count apart)."""
    code = character if isinstance(character, int) else ord(character[:1])
    position = text.find(chr(code))
    return text.count("\n", 0, position) + 1 if position >= 0 else 0


def _error(name: str, line: int, rule: str, path: str = "") -> ScenarioError:
    return ScenarioError([Mistake(printable(name, 200), line, path, "", rule)])


class _Builder:
    """Builds the documents of one stream, without recursion."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.documents: list[Any] = []
        self.mistakes: list[Mistake] = []
        self._nodes = 0
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Built | None] = {}
        self._takers: Any = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._mapping,
            yaml.SequenceStartEvent: self._sequence,
            yaml.MappingEndEvent: self._end_of_mapping,
            yaml.SequenceEndEvent: self._end,
            yaml.DocumentStartEvent: lambda event: self._anchors.clear(),
        }

    def take(self, event: Any) -> None:
        taker = self._takers.get(type(event))
        if taker is not None:
            taker(event)

    def _scalar(self, event: Any) -> None:
        self._count(1, event)
        if self._expects_key():
            self._take_key(event)
            return
        value = self._scalar_value(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Built(value, 1, 0)
        self._put(value, event.start_mark.line + 1, 0)

    def _scalar_value(self, event: Any) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            return plain(event.value) if event.implicit[0] else event.value
        kind = tag.removeprefix(_TAG)
        if kind not in _TYPES or not tag.startswith(_TAG):
            raise self._refuse(event, f"must not have the tag {printable(tag)}")
        value = event.value if kind == "str" else plain(event.value)
        if type(value) is not _TYPES[kind]:
            raise self._refuse(event, f"must be of the type that its tag says, {kind}")
        return value

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise self._refuse(event, f"has no anchor &{printable(event.anchor)} before it")
        built = self._anchors[event.anchor]
        if built is None:
            raise self._refuse(event, "must not contain itself")
        self._count(built.nodes, event)
        if self._expects_key():
            raise self._refuse(event, "must not have an alias as a key")
        if len(self._stack) + built.height > DEEPEST:
            raise self._refuse(event, f"must not be nested deeper than {DEEPEST}")
        self._put(built.value, event.start_mark.line + 1, built.height)

    def _mapping(self, event: Any) -> None:
        self._start(event, LineDict(event.start_mark.line + 1), "map")

    def _sequence(self, event: Any) -> None:
        self._start(event, LineList(event.start_mark.line + 1), "seq")

    def _start(self, event: Any, value: LineDict | LineList, kind: str) -> None:
        if event.tag not in (None, "!", _TAG + kind):
            raise self._refuse(event, f"must not have the tag {printable(event.tag)}")
        if self._expects_key():
            raise self._refuse(event, "must have only strings as keys")
        if len(self._stack) >= DEEPEST:
            raise self._refuse(event, f"must not be nested deeper than {DEEPEST}")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Frame(value, event.anchor, self._nodes))
        self._count(1, event)

    def _end_of_mapping(self, event: Any) -> None:
        frame = self._stack[-1]
        for value in frame.merged or ():
            self._merge(frame, value, event)
        self._end(event)

    def _merge(self, frame: _Frame, merged: Any, event: Any) -> None:
        for source in merged if isinstance(merged, LineList) else (merged,):
            if not isinstance(source, LineDict):
                raise self._refuse(event, "must merge only mappings (<<)")
            for (key, value), line in zip(source.items(), source.lines, strict=True):
                if key not in frame.value:
                    frame.value[key] = value  # type: ignore[call-overload]
                    frame.value.lines.append(line)

    def _end(self, event: Any) -> None:
        frame = self._stack.pop()
        if frame.anchor is not None:
            nodes = self._nodes - frame.start
            self._anchors[frame.anchor] = _Built(frame.value, nodes, frame.height)
        self._put(frame.value, frame.value.line, frame.height)

    def _expects_key(self) -> bool:
        if not self._stack:
            return False
        frame = self._stack[-1]
        return frame.key is None and isinstance(frame.value, LineDict)

    def _take_key(self, event: Any) -> None:
        frame, key, line = self._stack[-1], event.value, event.start_mark.line + 1
        if event.tag not in (None, "!", _TAG + "str"):
            raise self._refuse(event, "must have only strings as keys")
        if event.implicit[0] and key in NULLS:
            raise self._refuse(event, "must have only strings as keys")
        frame.key, frame.key_line = key, line
        if event.implicit[0] and key == "<<":
            frame.merged = frame.merged or []
        elif key in frame.value:
            first = frame.value.lines[list(frame.value).index(key)]
            self._mistake(line, f"is given twice; first in line {first}")

    def _put(self, value: Any, line: int, height: int) -> None:
        """Put a finished value where it belongs: its document, list or mapping."""
        if not self._stack:
            self.documents.append(value)
            return
        frame = self._stack[-1]
        frame.height = max(frame.height, height + 1)
        if isinstance(frame.value, LineList):
            frame.value.append(value)
            frame.value.lines.append(line)
            return
        key, frame.key = frame.key, None
        assert key is not None
        if key == "<<" and frame.merged is not None:
            frame.merged.append(value)
        elif key not in frame.value:
            frame.value[key] = value
            frame.value.lines.append(frame.key_line)

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise self._refuse(event, f"must have at most {MOST_NODES:,} values, aliases expanded")

    def _mistake(self, line: int, rule: str) -> None:
        self.mistakes.append(Mistake(printable(self.name, 200), line, self._path(), "", rule))

    def _refuse(self, event: Any, rule: str) -> ScenarioError:
        self._mistake(event.start_mark.line + 1, rule)
        return ScenarioError(self.mistakes)

    def _path(self) -> str:
        """Where the reader is, as in ``spec.clients[0].url``."""
        parts = (
            len(frame.value) if isinstance(frame.value, LineList) else frame.key
            for frame in self._stack
        )
        return path_text([part for part in parts if part is not None])
