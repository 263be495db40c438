"""Surges: times at which a client sends faster, whatever its arrival process.

Its arrival process runs in a time of its own, which passes ``factor`` times as fast as simulated
time during a surge, and so come its requests, states and periods; overlapping surges multiply. The
own time of a client is a piecewise linear function of simulated time.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import cold
from emu.workload._end import NO_MORE


class Surge(NamedTuple):
    """So many times as fast, from a moment on for so long, in nanoseconds."""

    at_ns: int
    for_ns: int
    factor: float


PIECE = np.dtype([("own_ns", "i8"), ("real_ns", "i8"), ("factor", "f8")])
"""From when on, in the client's own time and in simulated time, the first passes how many times as
fast as the second."""


def pieces(surges: Iterable[Surge]) -> NDArray[Any]:
    """The pieces of a client's time, from 0 on."""
    surges = tuple(surges)
    edges = {edge for one in surges for edge in (one.at_ns, one.at_ns + one.for_ns)}
    made = np.zeros(len(edges | {0}), PIECE)
    own, before, factor = 0, 0, 1.0
    for piece, real in zip(made, sorted(edges | {0}), strict=True):
        own += round((real - before) * factor)
        factor, before = 1.0, real
        for one in surges:
            if one.at_ns <= real < one.at_ns + one.for_ns:
                factor *= one.factor
        piece["own_ns"], piece["real_ns"], piece["factor"] = own, real, factor
    return made


def own_time(pieces: NDArray[Any], real: int) -> int:
    """How much of the client's own time has passed at a moment: so much more it sends by then."""
    piece = pieces[np.searchsorted(pieces["real_ns"], real, "right") - 1]
    return int(piece["own_ns"]) + round((real - int(piece["real_ns"])) * float(piece["factor"]))


@cold
def real_time(pieces: NDArray[Any], first: int, count: int, own: int) -> int:
    """When a moment of a client's own time is, in whole nanoseconds; its pieces are ``count`` from
    ``first`` on, and with none both are the same."""
    if count == 0 or own >= NO_MORE:
        return own
    place = first + count - 1
    while pieces[place]["own_ns"] > own:
        place -= 1
    it = pieces[place]
    passed = own - it["own_ns"]
    if it["factor"] == 1.0:
        return int(it["real_ns"] + passed)
    real = it["real_ns"] + int(passed / it["factor"])
    if place + 1 < first + count:
        real = min(real, pieces[place + 1]["real_ns"])
    return int(real)
