"""A Poisson process whose rate changes in time: in pieces, on each of which it is linear.

With L(t) the requests expected until t, the one after time s comes at L^-1(L(s) + E), where E is
exponential with mean 1: one draw a request. The way from s on is walked piece by piece, so that
only differences of times are floats, however long the run; whole periods are skipped at once.
Times are rounded to the nearest nanosecond. Beyond 2^53 ns (104 days) within the period, the start
of a piece is held to 4 ns.

Source: E. Cinlar, "Introduction to Stochastic Processes", 1975, on non-stationary Poisson
processes; R. W. Klein, S. D. Roberts, "A time-varying Poisson arrival process generator",
Simulation 43 (1984), on rates that are linear in pieces.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.random_streams import ARRIVAL, uniform
from emu.units import SECOND

MOST_PIECES: Final = 10_000
_LOWEST_MEAN: Final = 0.01 / 3600
_LASTS_ON: Final = 2.0**62

# Places of the parameters: those of each piece from _PIECES on, then where the last one ends.
_PERIOD: Final = 0
_EXPECTED: Final = 1
_COUNT: Final = 2
_PIECES: Final = 3
_SIZE: Final = 3


class Piece(NamedTuple):
    """From ``start`` (ns) to the next piece the rate per second goes from ``first`` to ``last``."""

    start: int
    first: float
    last: float


def mean_rate(pieces: Sequence[Piece], period: int) -> float:
    """The mean rate per second over a period, which is in nanoseconds."""
    ends = [piece.start for piece in pieces[1:]] + [period]
    expected = [
        (piece.first + piece.last) / 2 * (end - piece.start)
        for piece, end in zip(pieces, ends, strict=True)
    ]
    return math.fsum(expected) / period


def check_mean(rate: float) -> None:
    """Raise ValueError where the mean rate is too low for gaps to fit into 64 bits."""
    if rate < _LOWEST_MEAN:
        raise ValueError("must have a mean rate of at least 0.01/h")


def check_order(times: Sequence[int]) -> None:
    """Raise ValueError unless each of these times is later than the one before."""
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise ValueError("must be in the order of time, each later than the one before")


def repeated(pieces: Sequence[Piece], period: int) -> tuple[float, ...]:
    """The parameters of a rate that repeats itself each period, which is in nanoseconds."""
    expected = mean_rate(pieces, period) / SECOND * period
    return (float(period), expected, *_table(pieces, float(period)))


def lasting(pieces: Sequence[Piece]) -> tuple[float, ...]:
    """The parameters of a rate whose last piece, on which it is constant, lasts on."""
    return (0.0, math.inf, *_table(pieces, _LASTS_ON))


def _table(pieces: Sequence[Piece], end: float) -> tuple[float, ...]:
    numbers = [float(len(pieces))]
    for piece in pieces:
        numbers += [float(piece.start), piece.first / SECOND, piece.last / SECOND]
    return (*numbers, end)


@kernel
def following(
    parameters: NDArray[np.float64], first: int, seed: int, request: int, index: int, previous: int
) -> int:
    """When as many requests are expected since the previous one as an exponential draw says."""
    left = -math.log(1.0 - uniform(seed, ARRIVAL, request, 0))
    time, into = previous, previous
    period = int(parameters[first + _PERIOD])
    if period > 0:
        expected = parameters[first + _EXPECTED]
        periods = int(left / expected)
        left = max(left - periods * expected, 0.0)
        time += periods * period
        into = previous % period
    piece, count = _piece_at(parameters, first, into), int(parameters[first + _COUNT])
    while True:
        place = first + _PIECES + _SIZE * piece
        start, end = int(parameters[place]), int(parameters[place + _SIZE])
        last, length = parameters[place + 2], float(end - into)
        rate = last + (parameters[place + 1] - last) * (length / float(end - start))
        expected = (rate + last) / 2.0 * length
        if left < expected:
            return time + int(_gap(rate, last, length, left) + 0.5)
        left -= expected
        time += end - into
        into, piece = end, piece + 1
        if piece == count:
            into, piece = 0, 0


@kernel
def _piece_at(parameters: NDArray[np.float64], first: int, into: int) -> int:
    """The last piece that starts at this time of the period or before: a binary search."""
    low, high = 0, int(parameters[first + _COUNT])
    while high - low > 1:
        middle = (low + high) // 2
        if parameters[first + _PIECES + _SIZE * middle] <= into:
            low = middle
        else:
            high = middle
    return low


@kernel
def _gap(rate: float, last: float, length: float, left: float) -> float:
    """The nanoseconds in which so many are expected, where the rate is linear from here on.

    The solution g of rate g + (last - rate) / length g^2 / 2 = left, in the form that loses no
    digits by taking like from like.
    """
    root = math.sqrt(max(rate * rate + 2.0 * left * (last - rate) / length, 0.0))
    return min(2.0 * left / (rate + root), length) if left > 0.0 else 0.0
