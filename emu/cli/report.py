"""``emu report RUN...``: one page of HTML about runs, a comparison, a sweep or a capacity."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    runs: Annotated[list[Path], typer.Argument(help="Folders of results.", metavar="RUN...")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page.")
    ] = Path("report.html"),
) -> None:
    """Write one page of HTML about runs; it needs nothing else, and opens offline.

    RUN is the folder of a run, of a comparison, of a sweep or of a search for a capacity. Of
    several runs the page has a comparison as well.
    """
    from emu.extras import need

    need("emu report", "report", "altair", "jinja2", "vl_convert")

    from emu.report.page.writing import write_page
    from emu.report.progress import WorkProgress

    with WorkProgress() as progress:
        write_page(runs, output, progress.update)
    print(output)
