"""What commands that make many runs share: a progress line, and how they end."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer

from emu.cli._notes import compiling_is_said, say_interrupted
from emu.cli._status import INTERRUPTED

if TYPE_CHECKING:
    from emu.experiments.replicating import Progress


class Made(Protocol):
    """What is made of many runs: rich shows it."""

    def document(self) -> dict[str, Any]:
        """The same for scripts."""


Its = TypeVar("Its", bound=Made)


def shown(work: "Callable[[Progress], Its]", runs: int, as_json: bool) -> Its:
    """Make about so many runs under a progress line, and show what is made of them.

    Ends the command where the user interrupts it, and says what is left.
    """
    from rich.console import Console

    from emu.report.progress import RunsProgress

    done, total = 0.0, runs

    def update(now: float, of: int) -> None:
        nonlocal done, total
        done, total = now, of
        display.update(now, of)

    try:
        with RunsProgress() as display, compiling_is_said():
            made = work(update)
    except KeyboardInterrupt:
        say_interrupted(done, total)
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print(json.dumps(made.document()))
    else:
        Console().print(made)
    return made
