"""``emu query SQL RUN...``: a question in SQL to what runs left."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from emu.cli._options import JSON


def command(
    sql: Annotated[str, typer.Argument(help="The question.", metavar="SQL")],
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs.", metavar="RUN...")],
    as_json: JSON = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all rows as CSV.")] = False,
) -> None:
    """Ask the rows of runs in SQL, as DuckDB has it.

    The views requests, hops, metrics and events have the columns that emu schema --results
    explains; of several runs, and run before them. Nothing else can be read, and nothing written.
    """
    from emu.extras import need

    need("emu query", "query", "duckdb")

    from rich.console import Console

    from emu.querying import ask
    from emu.report.answer import answer_view, json_text, write_csv

    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both")
    with ask(sql, runs) as answer:
        _say_what_is_missing(runs)
        if as_json:
            print(json_text(answer.columns, answer.types, answer.batches))
        elif as_csv:
            write_csv(answer.columns, answer.batches, sys.stdout)
        else:
            Console().print(answer_view(answer.columns, answer.batches))


def _say_what_is_missing(runs: list[Path]) -> None:
    """Say of which runs not every request has rows."""
    from emu.analysis.reading import Requests

    for run in runs:
        header = Requests(run, sample=True).header
        if header.log != "requests":
            share = f"{header.log_share * 100:g} %" if header.log_share else "none"
            print(f"note: {share} of the requests of {run} have rows", file=sys.stderr)
