"""Some of the available backends, drawn at random.

Draw number k of a request is from the stream ``BALANCE + k``. Without replacement, draw k is from
the n - k that are left: the drawn ones are the places of a set of available backends, kept in order
in ``drawn`` and stepped over.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.available import count, member
from emu.kernel import embedded, kernel
from emu.random_streams import BALANCE, uniform

MOST: Final = 8
"""More choices than this are nearly as good as looking at all."""


@embedded
def with_replacement(
    members: NDArray[np.int64], k: int, seed: int, request: int, attempt: int
) -> int:
    """The available backend of draw ``k``, whichever were drawn before; -1 where there is none."""
    if count(members) == 0:
        return -1
    return member(members, int(uniform(seed, BALANCE + k, request, attempt) * count(members)))


@kernel
def another(
    members: NDArray[np.int64],
    drawn: NDArray[np.int64],
    k: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """The available backend of draw ``k``, none of those before, whose places ``drawn[:k]`` has in
    ascending order."""
    place = int(uniform(seed, BALANCE + k, request, attempt) * (count(members) - k))
    at = 0
    while at < k and drawn[at] <= place:
        place += 1
        at += 1
    for later in range(k, at, -1):
        drawn[later] = drawn[later - 1]
    drawn[at] = place
    return member(members, place)
