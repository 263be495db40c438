"""A file that holds one list of blocks that are alike, such as flows."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from emu.errors import Mistake
from emu.scenario.place import Place
from emu.scenario.rules import validated
from emu.scenario.text import printable
from emu.scenario.yaml_reader import LineDict, LineList, read_file

Item = TypeVar("Item", bound=BaseModel)


def read_items(source: Path, model: type[Item], mistakes: list[Mistake]) -> tuple[Item, ...]:
    """The items of the list; every mistake in them is appended.

    Raises ScenarioError where there is no such file, or no YAML in it.
    """
    name = str(source)
    found: list[Item] = []
    for document in read_file(source, name):
        if not isinstance(document, LineList):
            line = getattr(document, "line", 1)
            mistakes.append(Mistake(printable(name, 200), line, "", "", "must be a list"))
            continue
        for index, value in enumerate(document):
            place = Place(name, value, f"[{index}].")
            if not isinstance(value, LineDict):
                mistake = Mistake(
                    printable(name, 200), document.lines[index], f"[{index}]", printable(value),
                    "must be an object",
                )  # fmt: skip
                mistakes.append(mistake)
            elif (item := validated(model, place, mistakes)) is not None:
                found.append(item)
    return tuple(found)
