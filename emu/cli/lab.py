"""``emu lab FILE``: the cluster in real network namespaces, and whether the kernel agrees."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli._notes import say_warnings
from emu.cli._options import JSON, MODE, OBJECTS, OVERRIDES

if TYPE_CHECKING:
    from emu.lab import Verdict


def command(
    file: OBJECTS,
    mode: MODE = "",
    connections: Annotated[
        int,
        typer.Option("--connections", min=0, help="So many to each Service, and where they land."),
    ] = 1000,
    overrides: OVERRIDES = None,
    as_json: JSON = False,
) -> None:
    """Open real connections in network namespaces, and compare them with `emu probe`.

    As root, over IPv4, by TCP and UDP. What the sockets saw is compared, and conntrack's entries.
    Status 1 where the kernel made something else of one.
    """
    from emu.lab import check, unseen
    from emu.report.progress import WorkProgress
    from emu.scenario import load_any, parse_overrides

    scenario = load_any(file, parse_overrides(overrides or ()))
    say_warnings(scenario)
    with WorkProgress() as display:
        verdicts = check(scenario, mode, connections, display.update)
    for lacking in unseen():
        print(f"conntrack's entries were not compared: {lacking}", file=sys.stderr)
    if as_json:
        print(json.dumps([verdict._asdict() for verdict in verdicts]))
    else:
        _show(verdicts)
    if not all(verdict.agrees for verdict in verdicts):
        raise typer.Exit(1)


def _show(verdicts: "list[Verdict]") -> None:
    from rich.console import Console

    from emu.report.verdicts import verdicts_table

    agreeing = sum(verdict.agrees for verdict in verdicts)
    console = Console()
    console.print(verdicts_table(verdicts))
    entries = ", with their entries in conntrack" if any(v.entry for v in verdicts) else ""
    console.print(f"{agreeing} of {len(verdicts)} agree with the kernel{entries}", highlight=False)
