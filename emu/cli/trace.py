"""``emu trace FILE``: the path of one request as a table."""

import json
from typing import Annotated

import typer

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
    from emu.report.path import path_table
    from emu.scenario import parse_overrides

    scenario = emu.load(file, overrides=parse_overrides(overrides or ()))
    trace = emu.trace(scenario, source, destination)
    if as_json:
        print(json.dumps(trace.document()))
        return
    title = f"From {trace.source} to {trace.destination}: {trace.outcome}"
    steps = (
        [(s.src, s.src_port, s.dst, s.dst_port, f"{s.place}: {s.what}") for s in trace.wire]
        if wire
        else trace.logical
    )
    Console().print(path_table([(i, *step) for i, step in enumerate(steps, start=1)], title))
