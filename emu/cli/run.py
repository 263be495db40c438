"""``emu run FILE``: run a scenario, print its summary, leave its folder."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli._notes import compiling_is_said, say_warnings
from emu.cli._options import ENGINE, JSON, OUT, OVERRIDES, SCENARIO, SEED
from emu.cli._status import INTERRUPTED

if TYPE_CHECKING:
    from emu import Run


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
    plot: Annotated[
        bool, typer.Option("--plot", help="Show how the latencies are spread as well.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Run a scenario and print what came of it."""
    if plot and as_json:
        raise typer.BadParameter("give --plot or --json, not both")

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
        if plot:
            _print_plot(run)
    raise typer.Exit(status)


def _print_plot(run: "Run") -> None:
    """The histogram of the latencies, where the run has rows to draw it from."""
    from rich.console import Console

    from emu.analysis.collecting import collect
    from emu.analysis.latency import TOTAL
    from emu.analysis.reading import Requests
    from emu.analysis.spread import Spread
    from emu.report.plot import latency_plot

    requests, spread = Requests(run.path, sample=True), Spread((TOTAL,))
    collect(requests, [spread])
    print()
    if spread.series[TOTAL].count:
        share = requests.header.log_share
        Console().print(latency_plot(run.summary.latency_seconds, spread.series[TOTAL], share))
    elif requests.header.log == "summary":
        print("Nothing to plot: the run logged no rows; --set spec.log=requests has them.")
    else:
        print("Nothing to plot: no logged request ended ok.")
