"""``emu compare FILE --vary PATH=A,B``: variants over the same seeds, and what differs."""

from pathlib import Path
from typing import Annotated

import typer

from emu.cli._notes import say_warnings
from emu.cli._options import ENGINE, JSON, OUT, OVERRIDES, SCENARIO, SEED, WORKERS
from emu.cli._runs import shown


def command(
    file: SCENARIO,
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary",
            metavar="PATH=A,B|LO..HI[:STEP]|log LO..HI[:N]",
            help="Values to compare; of several, all combinations.",
        ),
    ],
    replications: Annotated[
        int, typer.Option("--replications", help="Runs of each variant, each with its own seed.")
    ] = 10,
    confidence: Annotated[
        float, typer.Option(metavar="SHARE", help="How surely an interval holds the true value.")
    ] = 0.95,
    seed: SEED = None,
    engine: ENGINE = "auto",
    workers: WORKERS = None,
    overrides: OVERRIDES = None,
    out: OUT = Path("results"),
    as_json: JSON = False,
) -> None:
    """Compare variants of a scenario with the first, over the same arrivals and demands.

    Runs write their summary alone; --set spec.log=requests has the rows, and exact quantiles.
    """
    from emu.experiments import parse_variations, plan
    from emu.scenario import parse_overrides

    varied, fixed = parse_variations(vary), parse_overrides(overrides or ())
    planned = plan(file, varied, replications, seed, fixed, confidence)
    say_warnings(planned)
    shown(lambda progress: planned.run(out, engine, workers, progress), planned.runs, as_json)
