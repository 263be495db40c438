"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

SCENARIO = Annotated[Path, typer.Argument(help="The scenario.", metavar="FILE")]
OBJECTS = Annotated[
    Path, typer.Argument(help="A scenario, or Kubernetes objects alone.", metavar="FILE")
]
MODE = Annotated[
    str, typer.Option("--mode", metavar="MODE", help="A proxy mode other than the configured.")
]
OVERRIDES = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Put a value in place of the file's."),
]
JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
SEED = Annotated[
    int | None, typer.Option(min=0, help="Seed of all random draws, instead of the file's.")
]
ENGINE = Annotated[str, typer.Option(help="compiled, process, or auto: by size.")]
OUT = Annotated[Path, typer.Option(metavar="DIR", help="Where results go.")]
OUT_OR_URL = Annotated[str, typer.Option("--out", metavar="DIR|URL", help="Where results go.")]
WORKERS = Annotated[
    int | None,
    typer.Option(
        "--workers", help="Runs at once, each in a process; as many as cores, if that is worth it."
    ),
]
