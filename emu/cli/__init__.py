"""The command line: one file a command, each with a function ``command``.

A command imports what it needs inside its function, so that ``emu --help`` stays quick.
"""

import pkgutil
import sys
from importlib import import_module

import typer

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


@app.callback()
def _emu() -> None:
    """What will my Kubernetes service do under this load, and with which load balancer?"""


def main() -> None:
    """Run the command line; what the emulator refuses ends with its message and status 2."""
    try:
        app()
    except EmuError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
