"""When requests come: arrival processes, one file each, and their contract.

An arrival process is a module with

- ``Options``: its parameters as a scenario writes them;
- ``EXAMPLE``: options as a scenario writes them, for the tests, where not all have defaults;
- ``parameters(options)``: what ``following`` needs, as a tuple of floats or a float64 array, and
  room for what it remembers, if anything: every run has a copy of its own, and each client a place
  of its own there;
- ``rate(options) -> float``: the mean rate in requests per second, in the long run;
- ``most(options) -> float`` and ``lasts(options) -> float``, if it may come to an end: how many
  requests there are at most, and when the last of them may come, in nanoseconds;
- ``users(options) -> int`` and ``think_time(options) -> Choice``, if it is a closed loop: how many
  users there are, and the distribution of the time between an answer and the next request;
- ``following(parameters, first, seed, request, index, previous) -> int``: a kernel that gives the
  intended time, in nanoseconds, of a client's request number ``index`` (from 0), not before that
  of the previous one, ``previous`` (0 for the first). ``request`` is the number that keys the
  draw: of its first request, that of the client. Its own parameters start at
  ``parameters[first]``, and it may change these. It is called once for each request, in order.
  Where no more requests come it gives `NO_MORE`, and is not called again.

``Options`` that name a file find it from the ``folder`` of the validation's context, and are left
with what they read: see `emu.workload.trace`.
"""

import math
import sys
from typing import TYPE_CHECKING, TypeAlias

from emu.kernel import dispatcher
from emu.registry import Choice, Registry, choice
from emu.workload._end import NO_MORE
from emu.workload._surging import PIECE, Surge, own_time, pieces, real_time

__all__ = [
    "ARRIVALS", "NO_MORE", "PIECE", "Arrivals", "Surge", "following", "lasts_of", "most_of",
    "own_time", "pieces", "real_time", "users_of",
]  # fmt: skip

ARRIVALS = Registry(sys.modules[__name__], "arrival process")

if TYPE_CHECKING:
    Arrivals: TypeAlias = Choice
else:
    Arrivals = choice(ARRIVALS)
    """The type of a scenario's field that holds an arrival process."""


def most_of(chosen: Choice) -> float:
    """How many requests an arrival process gives at most; infinite for one without an end."""
    most = getattr(ARRIVALS[chosen.name], "most", None)
    return math.inf if most is None else most(chosen.options)


def users_of(chosen: Choice) -> int:
    """How many users a closed loop has; 0 for an open one."""
    users = getattr(ARRIVALS[chosen.name], "users", None)
    return 0 if users is None else int(users(chosen.options))


def lasts_of(chosen: Choice) -> float:
    """When the last request may come, in nanoseconds; infinite for a process without an end."""
    lasts = getattr(ARRIVALS[chosen.name], "lasts", None)
    return math.inf if lasts is None else lasts(chosen.options)


following = dispatcher("arrivals", [module.following for module in ARRIVALS.values()])
"""``following(kind, parameters, first, seed, request, index, previous)`` for any process."""
