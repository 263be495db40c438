"""Writes the pages of this folder from the code: `make docs`.

``pages()`` gives their texts by file name, so that a test can hold the files to them.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from emu.cli import app
from emu.cli.schema import all_tables, schema_text
from emu.recorder.columns import type_name

_KINDS = {"workload": "arrivals", "distributions": "distribution", "strategies": "strategy"}
_UNLINKED = str.maketrans("", "", "()")
"""What a link to a heading leaves out."""


def pages() -> dict[str, str]:
    """The text of each page by its file name."""
    return {"scenario.md": _scenario(), "columns.md": _columns(), "cli.md": _cli()}


# The fields of a scenario, from its JSON Schema.


def _scenario() -> str:
    schema = json.loads(schema_text())
    lines = [
        "# Fields of a scenario",
        "",
        _sentence(schema["description"]),
        "",
        "[schema.json](../../emu/scenario/schema.json) is the same for editors. A field without a",
        "default may be left out unless it is required.",
    ]
    for name, block in _blocks(schema):
        lines += ["", f"## {_title(name)}", ""]
        if description := block.get("description"):
            lines += [_sentence(description), ""]
        lines += _fields(block)
    return "\n".join(lines) + "\n"


def _blocks(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The blocks that have fields, in the order in which a reader meets them."""
    seen: dict[str, None] = {}

    def meet(part: Any) -> None:
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen[name] = None
                meet(schema["$defs"][name])
            for value in part.values():
                meet(value)
        elif isinstance(part, list):
            for value in part:
                meet(value)

    meet(schema["properties"])
    yield "Scenario", schema
    for name in seen:
        if "properties" in schema["$defs"][name]:
            yield name, schema["$defs"][name]


def _title(name: str) -> str:
    """``poisson (arrivals)`` for the options of a variant, else the name of the block."""
    parts = name.split("__")
    return f"{parts[-2]} ({_KINDS[parts[-3]]})" if len(parts) > 1 else name


def _fields(block: dict[str, Any]) -> list[str]:
    if not block.get("properties"):
        return ["It has no fields."]
    rows = ["| field | type | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in block["properties"].items():
        default = "required" if name in block.get("required", ()) else _default(field)
        meaning = _cell(_sentence(field.get("description", "")))
        rows.append(f"| `{name}` | {_type(field)} | {default} | {meaning} |")
    return rows


def _default(field: dict[str, Any]) -> str:
    if field.get("default") in (None, {}, []):
        return ""
    return f"`{_cell(json.dumps(field['default'], ensure_ascii=False))}`"


def _type(field: dict[str, Any]) -> str:
    """A field's type in a few words, with a link to the block that it is."""
    if "$ref" in field:
        title = _title(field["$ref"].rpartition("/")[2])
        return f"[{title}](#{title.lower().replace(' ', '-').translate(_UNLINKED)})"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field or "oneOf" in field:
        kinds = (_type(one) for one in field.get("anyOf", field.get("oneOf")))
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object" and "properties" in field:
        return " or ".join(f"`{name}:` {_type(one)}" for name, one in field["properties"].items())
    if field.get("type") == "object":
        return "mapping"
    return str(field.get("type", "anything"))


# The columns of what runs leave.


def _columns() -> str:
    lines = ["# Columns of what runs and experiments leave", ""]
    lines += ["Times are nanoseconds of simulated time; `?` says that a value may be missing."]
    for table, columns in all_tables().items():
        lines += ["", f"## {table}", "", "| column | type | unit | meaning |"]
        lines += ["| --- | --- | --- | --- |"]
        lines += [
            f"| `{one.name}` | {type_name(one)} | {one.unit} | {_cell(one.meaning)} |"
            for one in columns
        ]
    return "\n".join(lines) + "\n"


# The command line.


def _cli() -> str:
    lines = ["# The command line", ""]
    lines += ["Exit status: 0 done; 1 the run or check says no; 2 the input is wrong."]
    for name in sorted(command.name or "" for command in app.registered_commands):
        told = CliRunner(env={"COLUMNS": "90"}).invoke(app, [name, "--help"], prog_name="emu")
        text = "\n".join(line.rstrip() for line in told.stdout.strip().splitlines())
        lines += ["", f"## emu {name}", "", "```text", text, "```"]
    return "\n".join(lines) + "\n"


def _sentence(text: str) -> str:
    """Docstring text as Markdown, on one line a paragraph."""
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return "\n\n".join(paragraphs).replace("``", "`")


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")


if __name__ == "__main__":
    for file, content in pages().items():
        Path(__file__).with_name(file).write_text(content, encoding="utf-8")
