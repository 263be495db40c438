"""The documents of a scenario, raw: those of its file and its manifests, lists unrolled."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from emu.errors import Mistake, ScenarioError
from emu.scenario.description import MOST_MANIFESTS
from emu.scenario.overrides import is_for_object, overridden
from emu.scenario.place import Place
from emu.scenario.text import printable
from emu.scenario.yaml_reader import LineDict, LineList, read_file

SCENARIO = "Scenario"


class Documents(NamedTuple):
    """The one Scenario document, and the Kubernetes objects in their order."""

    scenario: Place
    objects: list[Place]


def has_scenario(source: Path) -> bool:
    """Whether a document of kind Scenario is in the file, and not Kubernetes objects alone.

    Raises ScenarioError where there is no such file, or no YAML in it.
    """
    places = list(_places(read_file(source, str(source)), str(source), []))
    return not places or any(_kind(place) == SCENARIO for place in places)


def gather_objects(
    source: Path, overrides: Mapping[str, Any], mistakes: list[Mistake]
) -> list[Place]:
    """The Kubernetes objects of a file without a Scenario, with their overrides."""
    name = str(source)
    places = list(_places(read_file(source, name), name, mistakes))
    return overridden(places, overrides, mistakes)


def gather(source: Path, overrides: Mapping[str, Any], mistakes: list[Mistake]) -> Documents:
    """The documents of the file and of the manifests that it names, with their overrides.

    Raises ScenarioError where there is no such file, no YAML in it, or not one Scenario; other
    mistakes are appended.
    """
    name = str(source)
    places = list(_places(read_file(source, name), name, mistakes))
    scenarios = [place for place in places if _kind(place) == SCENARIO]
    if len(scenarios) != 1:
        raise ScenarioError([*mistakes, _not_one(name, places, scenarios)])
    objects = [place for place in places if _kind(place) != SCENARIO]
    own = {path: value for path, value in overrides.items() if not is_for_object(path)}
    (scenario,) = overridden(scenarios, own, mistakes)
    for manifest in _manifests(scenario):
        objects.extend(_manifest(source.parent / manifest, mistakes))
    others = {path: value for path, value in overrides.items() if is_for_object(path)}
    return Documents(scenario, overridden(objects, others, mistakes))


def objects_in(path: Path) -> list[Place]:
    """The Kubernetes objects of a file. Raises ScenarioError."""
    mistakes: list[Mistake] = []
    objects = list(_places(read_file(path, path.name), path.name, mistakes))
    if mistakes:
        raise ScenarioError(mistakes)
    return objects


def _not_one(name: str, places: list[Place], scenarios: list[Place]) -> Mistake:
    file = printable(name, 200)
    if scenarios:
        lines = ", ".join(str(place.value.line) for place in scenarios[:5])
        rule = (
            f"must hold one document of kind Scenario; there are {len(scenarios)} (lines {lines})"
        )
        return Mistake(file, scenarios[1].value.line, "", "", rule)
    found = "nothing" if not places else "only Kubernetes objects"
    rule = f"must hold one document of kind Scenario (apiVersion emu/v1); it holds {found}"
    return Mistake(file, 0, "", "", rule)


def _manifests(scenario: Place) -> Iterable[str]:
    """The names of manifests, as far as they are names; validation reports what is not."""
    spec = scenario.value.get("spec")
    names = spec.get("manifests") if isinstance(spec, LineDict) else None
    names = names[:MOST_MANIFESTS] if isinstance(names, LineList) else []
    return [name for name in names if isinstance(name, str)]


def _manifest(path: Path, mistakes: list[Mistake]) -> Iterator[Place]:
    try:
        documents = read_file(path, str(path))
    except ScenarioError as error:
        mistakes.extend(error.mistakes)
        return
    for place in _places(documents, str(path), mistakes):
        if _kind(place) == SCENARIO:
            mistakes.append(place.missing(("kind",), "must not be Scenario in a manifest"))
        else:
            yield place


def _places(documents: Iterable[Any], file: str, mistakes: list[Mistake]) -> Iterator[Place]:
    """The objects of documents; ``kind: List``, ``NodeList`` and so on give their items."""
    for document in documents:
        place = Place(file, document)
        if not isinstance(document, LineDict):
            rule = "must be an object with apiVersion and kind"
            mistakes.append(
                Mistake(printable(file, 200), getattr(document, "line", 1), "", "", rule)
            )
        elif _kind(place).endswith("List") and isinstance(document.get("items"), LineList):
            yield from _items(place, mistakes)
        else:
            yield place._replace(prefix=_prefix(document))


def _items(place: Place, mistakes: list[Mistake]) -> Iterator[Place]:
    kind = _kind(place).removesuffix("List")
    for index, item in enumerate(place.value["items"]):
        if not isinstance(item, LineDict):
            mistakes.append(place.mistake(("items", index), "must be an object"))
            continue
        if kind and "kind" not in item:  # a typed list says it once for all its items
            item = _typed(item, kind, place.value.get("apiVersion"))
        yield Place(place.file, item, _prefix(item))


def _typed(item: LineDict, kind: str, version: Any) -> LineDict:
    typed = LineDict(item.line)
    typed.update(item, kind=kind, apiVersion=version)
    typed.lines = [*item.lines, *[item.line] * (len(typed) - len(item))]
    return typed


def _kind(place: Place) -> str:
    kind = place.value.get("kind") if isinstance(place.value, LineDict) else None
    return kind if isinstance(kind, str) else ""


def _prefix(item: LineDict) -> str:
    """How paths into the object begin: ``Service/web.``; nothing for the Scenario."""
    kind, metadata = item.get("kind"), item.get("metadata")
    if kind == SCENARIO:
        return ""
    name = metadata.get("name") if isinstance(metadata, LineDict) else None
    namespace = metadata.get("namespace") if isinstance(metadata, LineDict) else None
    parts = [str(kind) if isinstance(kind, str) else "object"]
    if isinstance(namespace, str) and namespace != "default":
        parts.append(namespace)
    if isinstance(name, str):
        parts.append(name)
    return printable("/".join(parts), 120) + "."
