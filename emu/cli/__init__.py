"""The command line: one file a command, each with a function ``command``.

A command imports what it needs inside its function, so that ``emu --help`` stays quick.
"""

import gc
import os
import pkgutil
import sys
from importlib import import_module
from typing import Annotated

import typer

from emu import __version__
from emu.errors import EmuError

app = typer.Typer(
    name="emu",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for _found in pkgutil.iter_modules(__path__):
    if not _found.name.startswith("_"):
        app.command(_found.name)(import_module(f"{__name__}.{_found.name}").command)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"emu {__version__}")
        raise typer.Exit


@app.callback()
def _emu(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """What will my Kubernetes service do under this load, and with which load balancer?"""


def main() -> None:
    """Run the command line.

    What the emulator refuses, and an output that cannot be written, end with a message and status
    2; a reader of the output that has left, as in ``emu run FILE | head -1``, with status 1.
    """
    # Imports and compiled code allocate what stays; to look through all of it for garbage time and
    # again, as Python does by itself, is a tenth of a short run.
    gc.set_threshold(100_000)
    try:
        try:
            app()
        finally:
            gc.freeze()  # nor when Python ends
            if sys.stdout is not None:
                sys.stdout.flush()
    except EmuError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains of it once more
        if isinstance(error, BrokenPipeError):
            sys.exit(1)
        print(f"cannot write: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)
