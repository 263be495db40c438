"""``emu capacity FILE --slo "p99<250ms" --vary PATH=LO..HI``: the value that will just do."""

import json
from typing import Annotated

import typer

from emu.cli._notes import compiling_is_said, say_interrupted, say_warnings
from emu.cli._options import ENGINE, JSON, OVERRIDES, SCENARIO, SEED, WORKERS
from emu.cli._status import INTERRUPTED


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
    out: Annotated[str, typer.Option(metavar="DIR|URL", help="Where results go.")] = "results",
    as_json: JSON = False,
) -> None:
    """Find how many Pods an objective takes, or how much load it allows.

    Runs write their summary alone. The exit status is 1 where no value surely meets the objectives.
    """
    from rich.console import Console

    from emu.experiments import parse_variations
    from emu.experiments.capacity import make, plan
    from emu.report.progress import RunsProgress
    from emu.scenario import parse_overrides

    varied, fixed = parse_variations(vary), parse_overrides(overrides or ())
    planned = plan(file, slo, varied, replications, seed, fixed, confidence)
    say_warnings(planned)
    done, likely = 0.0, 0

    def update(runs: float, of: int) -> None:
        nonlocal done, likely
        done, likely = runs, of
        display.update(runs, of)

    try:
        with RunsProgress() as display, compiling_is_said():
            capacity = make(planned, out, engine, workers, update)
    except KeyboardInterrupt:
        say_interrupted(done, likely)
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print(json.dumps(capacity.document()))
    else:
        Console().print(capacity)
    raise typer.Exit(1 if capacity.answer is None else 0)
