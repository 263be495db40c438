"""``emu schema``: the JSON Schema of a Scenario document, and the columns of what runs leave."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from emu.recorder.columns import Column


def command(
    results: Annotated[
        bool, typer.Option("--results", help="Print the columns of result files instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of a Scenario document, for editors.

    An editor with a YAML language server uses it where the scenario begins with

    # yaml-language-server: $schema=PATH/TO/schema.json
    """
    if results:
        _print_columns()
    else:
        print(schema_text(), end="")


def schema_text() -> str:
    """The JSON Schema as it is kept in ``emu/scenario/schema.json``."""
    from emu.scenario.description import ScenarioDocument

    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ScenarioDocument.model_json_schema(),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _print_columns() -> None:
    from emu.recorder.columns import describe

    table = ""
    for name, column, kind, unit, meaning in describe(all_tables()):
        if name != table:
            print(f"{name}")
            table = name
        print(f"  {column:<23} {kind:<12} {unit:<6} {meaning}".rstrip())


def all_tables() -> "dict[str, tuple[Column, ...]]":
    """The columns of every file that runs and experiments leave."""
    from emu.analysis.metrics import METRICS
    from emu.experiments.capacity.tables import RUNS, curve_columns
    from emu.experiments.replications import COLUMNS
    from emu.experiments.sweep_tables import EXAMPLE, columns_of_points, columns_of_runs
    from emu.recorder.columns import TABLES

    return {
        **TABLES,
        "replications": COLUMNS,
        "sweeps: replications": columns_of_runs(EXAMPLE),
        "sweeps: points": columns_of_points(EXAMPLE),
        "capacity: replications": RUNS,
        "capacity: curve": curve_columns(METRICS),
    }
