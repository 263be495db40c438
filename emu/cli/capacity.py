"""``emu capacity FILE --slo "p99<250ms" --vary PATH=LO..HI``: the value that will just do."""

from typing import Annotated

import typer

from emu.cli._notes import say_warnings
from emu.cli._options import ENGINE, JSON, OUT_OR_URL, OVERRIDES, SCENARIO, SEED, WORKERS
from emu.cli._runs import shown


def command(
    file: SCENARIO,
    slo: Annotated[
        str,
        typer.Option(
            "--slo", metavar="OBJECTIVES", help='What has to be met: "p99<250ms and errors<0.1%".'
        ),
    ],
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary",
            metavar="PATH=LO..HI[:STEP]|log LO..HI[:N]|A,B",
            help="The range that is searched; the least or greatest value that will do is found.",
        ),
    ],
    replications: Annotated[
        int, typer.Option("--replications", help="Most runs of a value near the bound.")
    ] = 24,
    confidence: Annotated[
        float, typer.Option(metavar="SHARE", help="How surely the answer holds.")
    ] = 0.95,
    seed: SEED = None,
    engine: ENGINE = "auto",
    workers: WORKERS = None,
    overrides: OVERRIDES = None,
    out: OUT_OR_URL = "results",
    as_json: JSON = False,
) -> None:
    """Find how many Pods an objective takes, or how much load it allows.

    Runs write their summary alone. The exit status is 1 where no value surely meets the objectives.
    """
    from emu.experiments import parse_variations
    from emu.experiments.capacity import make, plan
    from emu.scenario import parse_overrides

    varied, fixed = parse_variations(vary), parse_overrides(overrides or ())
    planned = plan(file, slo, varied, replications, seed, fixed, confidence)
    say_warnings(planned)
    capacity = shown(
        lambda progress: make(planned, out, engine, workers, progress), planned.runs, as_json
    )
    raise typer.Exit(1 if capacity.answer is None else 0)
