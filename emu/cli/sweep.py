"""``emu sweep FILE --vary PATH=LO..HI``: a scenario at many points, each over the same seeds."""

from pathlib import Path
from typing import Annotated

import typer

from emu.cli._notes import say_warning
from emu.cli._options import ENGINE, JSON, OUT_OR_URL, OVERRIDES, SEED, WORKERS
from emu.cli._runs import shown


def command(
    file: Annotated[
        Path, typer.Argument(help="The scenario, or a document of kind Sweep.", metavar="FILE")
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="PATH=A,B|LO..HI[:STEP]|log LO..HI[:N]",
            help="Values of a path; of several, all combinations.",
        ),
    ] = None,
    design: Annotated[
        str | None, typer.Option(metavar="DESIGN", help="grid (the default), or lhs: a sample.")
    ] = None,
    points: Annotated[
        int | None, typer.Option("--points", help="How many points, with the design lhs.")
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option("--replications", help="Runs of each point, each with its own seed. [10]"),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="How surely an interval holds the true value. [0.95]"),
    ] = None,
    seed: SEED = None,
    engine: ENGINE = "auto",
    workers: WORKERS = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Run on the Dask cluster of a scheduler.")
    ] = None,
    overrides: OVERRIDES = None,
    out: OUT_OR_URL = "results",
    as_json: JSON = False,
) -> None:
    """Run a scenario at many points; what was made before is found again.

    Runs write their summary alone. The exit status is 1 where a point fails.
    """
    from emu.experiments import parse_variations
    from emu.experiments.sweep_plan import plan
    from emu.experiments.sweeping import make
    from emu.scenario import parse_overrides

    planned = plan(
        file, vary=parse_variations(vary) if vary else None, replications=replications,
        design=design, points=points, seed=seed, overrides=parse_overrides(overrides or ()),
        confidence=confidence,
    )  # fmt: skip
    sweep = shown(
        lambda progress: make(planned, out, engine, workers, scheduler, progress, say_warning),
        planned.runs, as_json,
    )  # fmt: skip
    raise typer.Exit(1 if sweep.failed else 0)
