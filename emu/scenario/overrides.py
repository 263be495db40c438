"""Values put in place of what a scenario's files say, by path.

``spec.loadBalancers[0].strategy`` is a path into the Scenario document;
``Deployment/web.spec.replicas`` or ``Deployment/prod/web.spec.replicas`` one into an object. What
is missing on the way is made; an index may be one past the end of a list.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emu.errors import Mistake, ScenarioError
from emu.scenario.place import OVERRIDE, Place
from emu.scenario.text import listed, printable
from emu.scenario.yaml_reader import LineDict, LineList, read

_PART = re.compile(r"""\.?([A-Za-z0-9_/-]+)|\[(\d{1,6})\]|\[(?:"([^"]*)"|'([^']*)')\]""")
_OBJECT = re.compile(r"[A-Z][A-Za-z]*/")


def parse_overrides(texts: Iterable[str]) -> dict[str, Any]:
    """Paths and values of ``PATH=VALUE`` texts, where a value is YAML. Raises ScenarioError."""
    overrides: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for text in texts:
        path, equals, value = text.partition("=")
        if not equals or not path.strip():
            mistakes.append(_mistake(text, "must be PATH=VALUE"))
            continue
        try:
            documents = read(value, OVERRIDE)
        except ScenarioError as error:
            mistakes.extend(_mistake(text, mistake.rule) for mistake in error.mistakes)
            continue
        if len(documents) > 1:
            mistakes.append(_mistake(text, "must have one value"))
            continue
        overrides[path.strip()] = documents[0] if documents else None
    if mistakes:
        raise ScenarioError(mistakes)
    return overrides


def is_for_object(path: str) -> bool:
    """Whether the path leads into a Kubernetes object."""
    return _OBJECT.match(path) is not None


def overridden(
    places: Sequence[Place], overrides: Mapping[str, Any], mistakes: list[Mistake]
) -> list[Place]:
    """The places with their overrides; what leads nowhere is appended to ``mistakes``.

    A place without a prefix is the Scenario document.
    """
    changed = list(places)
    for path, value in overrides.items():
        index, rest = _target(changed, path)
        if index is None:
            known = [place.prefix.removesuffix(".") or "spec" for place in places]
            mistakes.append(_mistake(path, f"leads to nothing; known: {listed(path, known)}"))
            continue
        try:
            new = _replaced(changed[index].value, _parts(rest), value)
        except ValueError as error:
            mistakes.append(_mistake(path, str(error)))
        else:
            changed[index] = changed[index]._replace(value=new)
    return changed


def _target(places: Sequence[Place], path: str) -> tuple[int | None, str]:
    """Which place the path is for, and the path inside it; names may hold dots themselves."""
    best, longest = None, -1
    for index, place in enumerate(places):
        if len(place.prefix) > longest and any(path.startswith(name) for name in _names(place)):
            best, longest = index, len(place.prefix)
    if best is None or not longest:
        return best, path
    prefix = max((n for n in _names(places[best]) if path.startswith(n)), key=len)
    return best, path[len(prefix) :]


def _names(place: Place) -> tuple[str, ...]:
    """How paths into the place may begin: with the namespace and without."""
    if not place.prefix:
        return ("spec", "metadata", "apiVersion", "kind")
    kind, _, name = place.prefix.partition("/")
    if "/" in name:
        namespace, _, bare = name.partition("/")
        return (place.prefix, f"{kind}/{bare}") if namespace == "default" else (place.prefix,)
    return (place.prefix, f"{kind}/default/{name}")


def _parts(path: str) -> list[str | int]:
    parts: list[str | int] = []
    position = 0
    while position < len(path):
        part = _PART.match(path, position)
        if part is None:
            raise ValueError("must be a path such as spec.clients[0].url")
        name, index, *quoted = part.groups()
        parts.append(int(index) if index else name or next(q for q in quoted if q is not None))
        position = part.end()
    if not parts:
        raise ValueError("must be a path such as spec.clients[0].url")
    return parts


def _replaced(value: Any, path: Sequence[str | int], new: Any) -> Any:
    """A copy of ``value`` in which ``new`` stands at the path; the rest is shared."""
    if not path:
        return _unplaced(new)
    part, *rest = path
    if isinstance(part, str):
        if value is not None and not isinstance(value, LineDict):
            raise ValueError(f"cannot be set: {printable(part)} would stand in no mapping")
        return _with_key(value, part, rest, new)
    if value is not None and not isinstance(value, LineList):
        raise ValueError(f"cannot be set: [{part}] would stand in no list")
    return _with_item(value, part, rest, new)


def _with_key(value: LineDict | None, key: str, rest: Sequence[str | int], new: Any) -> LineDict:
    copy = LineDict(value.line if value is not None else 0)
    copy.update(value or {})
    copy.lines = list(value.lines) if value is not None else []
    if key not in copy:
        copy.lines.append(0)
    elif not rest:
        copy.lines[list(copy).index(key)] = 0
    copy[key] = _replaced(copy.get(key), rest, new)
    return copy


def _with_item(value: LineList | None, index: int, rest: Sequence[str | int], new: Any) -> LineList:
    copy = LineList(value.line if value is not None else 0)
    copy.extend(value or [])
    copy.lines = list(value.lines) if value is not None else []
    if index > len(copy):
        raise ValueError(f"cannot be set: the list has {len(copy)} items")
    if index == len(copy):
        copy.append(None)
        copy.lines.append(0)
    elif not rest:
        copy.lines[index] = 0
    copy[index] = _replaced(copy[index], rest, new)
    return copy


def _unplaced(value: Any) -> Any:
    """The value as if read, but from no line."""
    if isinstance(value, Mapping):
        mapping = LineDict()
        mapping.update({str(key): _unplaced(item) for key, item in value.items()})
        mapping.lines = [0] * len(mapping)
        return mapping
    if isinstance(value, list | tuple):
        items = LineList()
        items.extend(map(_unplaced, value))
        items.lines = [0] * len(items)
        return items
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _mistake(path: str, rule: str) -> Mistake:
    return Mistake(OVERRIDE, 0, printable(path), "", rule)
