"""When requests come: arrival processes, one file each, and their contract.

An arrival process is a module with

- ``Options``: its parameters as a scenario writes them;
- ``EXAMPLE``: options as a scenario writes them, for the tests, where not all have defaults;
- ``parameters(options) -> tuple[float, ...]``: what ``following`` needs, and room for what it
  remembers, if anything: every run has a copy of its own, and each client a place of its own there;
- ``rate(options) -> float``: the mean rate in requests per second, in the long run;
- ``following(parameters, first, seed, request, index, previous) -> int``: a kernel that gives the
  intended time, in nanoseconds, of a client's request number ``index`` (from 0), not before that
  of the previous one, ``previous`` (0 for the first). ``request`` is the number that keys the
  draw: of its first request, that of the client. Its own parameters start at
  ``parameters[first]``, and it may change these. It is called once for each request, in order.
"""

import sys
from typing import TYPE_CHECKING, TypeAlias

from emu.kernel import dispatcher
from emu.registry import Choice, Registry, choice

ARRIVALS = Registry(sys.modules[__name__], "arrival process")

if TYPE_CHECKING:
    Arrivals: TypeAlias = Choice
else:
    Arrivals = choice(ARRIVALS)
    """The type of a scenario's field that holds an arrival process."""

following = dispatcher("arrivals", [module.following for module in ARRIVALS.values()])
"""``following(kind, parameters, first, seed, request, index, previous)`` for any process."""
