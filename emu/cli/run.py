"""``emu run FILE``: run a scenario, print its summary, leave its folder."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from emu.cli._notes import compiling_is_said, say_warnings
from emu.cli._options import ENGINE, JSON, OUT, OVERRIDES, SCENARIO, SEED
from emu.cli._status import INTERRUPTED


def command(
    file: SCENARIO,
    seed: SEED = None,
    engine: ENGINE = "auto",
    overrides: OVERRIDES = None,
    out: OUT = Path("results"),
    again: Annotated[
        bool, typer.Option("--again", help="Run it even where the same run was made before.")
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Say where the time went; runs it again.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Run a scenario and print what came of it."""
    from rich.console import Console

    import emu
    from emu.report.progress import RunProgress
    from emu.scenario import parse_overrides

    scenario = emu.load(file, seed, parse_overrides(overrides or ()))
    say_warnings(scenario)
    status = 0
    with (
        RunProgress(scenario.spec.duration, scenario.spec.requests) as progress,
        compiling_is_said(),
    ):
        try:
            run = emu.run(
                scenario, out=out, engine=engine, again=again, progress=progress.update,
                profile=profile,
            )  # fmt: skip
        except emu.Interrupted as interrupted:
            run, status = interrupted.run, INTERRUPTED
            if not run.summary.partial:
                print("interrupted; the whole run made before is kept instead", file=sys.stderr)
    if run.found_again:
        print("made before, not run again (--again does)", file=sys.stderr)
    if as_json:
        print(json.dumps(run.document()))
    else:
        Console().print(run)
    raise typer.Exit(status)
