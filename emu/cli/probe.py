"""``emu probe FILE``: who reaches what, or what a list of flows meets."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli._notes import say_warnings
from emu.cli._options import JSON, MODE, OBJECTS, OVERRIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from emu.probing import Answer, Reach


def command(
    file: OBJECTS,
    flows: Annotated[
        Path | None,
        typer.Option(
            "--flows",
            metavar="FLOWS",
            help="A list of {name, node, protocol, source, destination, port, expect}.",
        ),
    ] = None,
    mode: MODE = "",
    overrides: OVERRIDES = None,
    as_json: JSON = False,
) -> None:
    """Say who reaches what, and why; with --flows, what becomes of each flow of a list.

    Status 1 where a flow meets something else than it expects.
    """
    import emu
    from emu.report.reachability import answers_table, reachability_view
    from emu.scenario import load_any, parse_overrides

    scenario = load_any(file, parse_overrides(overrides or ()))
    say_warnings(scenario)
    if flows is None:
        reached = emu.probe(scenario, mode=mode)
        _show(reachability_view(reached), reached, as_json)
        return
    answers = emu.probe(scenario, flows, mode=mode)
    _show(answers_table(answers), answers, as_json)
    if any(answer.differs for answer in answers):
        raise typer.Exit(1)


def _show(view: "RenderableType", rows: "Sequence[Reach | Answer]", as_json: bool) -> None:
    from rich.console import Console

    if as_json:
        print(json.dumps([row.document() for row in rows]))
    else:
        Console().print(view)
