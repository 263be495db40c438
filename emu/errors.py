"""The errors of the emulator, each with a message for its user.

::

    EmuError                 anything the emulator itself refuses; the command line exits with 2
    ├── ScenarioError        the description is wrong; carries every Mistake found
    ├── UnknownNameError     a name that nothing in its place has; lists the known ones
    ├── StrategyError        a user's own strategy has failed in a run
    ├── RoomError            a run has made more Pods or endpoints than it has room for
    ├── ResultsError         a run folder cannot be written, or is not one
    └── QueryError           a question in SQL that cannot be answered

SimPy re-creates exceptions as ``type(error)(*error.args)``, so errors take positional arguments
only and keep them in ``args``.
"""

from collections.abc import Iterable
from typing import NamedTuple

_SHOWN = 20
"""So many known names stand in a message."""


class EmuError(Exception):
    """Whatever the emulator refuses, with a message fit for its user."""


class Mistake(NamedTuple):
    """One thing wrong in a scenario, and where it stands.

    ``file`` and ``line`` (from 1) are empty and 0 where the value came from no file, ``path`` is
    written as in ``spec.clients[0].arrivals``, ``value`` is what stood there (already shortened
    for print, or empty where nothing stood), ``rule`` is what it breaks.
    """

    file: str
    line: int
    path: str
    value: str
    rule: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f"{self.path} = {self.value}" if self.path and self.value else self.path
        return ": ".join(part for part in (place, subject, self.rule) if part)


class ScenarioError(EmuError):
    """A scenario that cannot be run; ``mistakes`` holds every one that was found."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)


class UnknownNameError(EmuError):
    """A name that nothing has: ``what`` it should name, the ``name``, and the ``known`` ones."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.what, self.name, self.known = what, name, tuple(known)
        super().__init__(what, name, self.known)

    def __str__(self) -> str:
        known = ", ".join(self.known[:_SHOWN]) if self.known else "none"
        more = len(self.known) - _SHOWN
        return f"unknown {self.what} {self.name!r}; known: {known}" + (
            f" and {more} more" if more > 0 else ""
        )


class StrategyError(EmuError):
    """A user's own strategy that has failed; the message names its file and the request."""


class RoomError(EmuError):
    """A run that has made more of something than it has room for."""


class ResultsError(EmuError):
    """A run folder that cannot be written, or a folder that holds no run."""


class QueryError(EmuError):
    """A question in SQL that cannot be answered, with what the database says of it."""
