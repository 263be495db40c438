"""``emu trace FILE``: the path of one request as a table."""

import json
from typing import Annotated

import typer

from emu.cli._notes import compiling_is_said, say_warnings
from emu.cli._options import JSON, OVERRIDES, SCENARIO


def command(
    file: SCENARIO,
    source: Annotated[
        str | None,
        typer.Option("--from", help="outside, or a client, node or Pod.", metavar="SOURCE"),
    ] = None,
    destination: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DEST[:PORT]",
            help="A domain, Service, load balancer, node or Pod, by name or address.",
        ),
    ] = None,
    wire: Annotated[
        bool, typer.Option("--wire", help="What each interface carries, both ways.")
    ] = False,
    overrides: OVERRIDES = None,
    as_json: JSON = False,
) -> None:
    """Follow one request, alone in the system."""
    from rich.console import Console

    import emu
    from emu.scenario import parse_overrides

    scenario = emu.load(file, overrides=parse_overrides(overrides or ()))
    say_warnings(scenario)
    with compiling_is_said():
        trace = emu.trace(scenario, source, destination)
    if as_json:
        print(json.dumps(trace.document()))
    else:
        Console().print(trace.view(on_the_wire=wire))
