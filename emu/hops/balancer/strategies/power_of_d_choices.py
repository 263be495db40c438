"""Power of d choices: of d available backends drawn at random, the one with the fewest requests in
flight; of equals, the one drawn first.

With Poisson arrivals at rate lambda a server and exponential service, the mean response of n -> inf
servers is the sum over i >= 1 of lambda^((d^i - d) / (d - 1)); the difference between drawing with
and without replacement vanishes there, but not for few backends. Sources: M. Mitzenmacher, "The
power of two choices in randomized load balancing", IEEE TPDS 12 (2001); HAProxy ``balance
random(d)``; NGINX ``random two least_conn``. Left out: weights.
"""

from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.hops.balancer.available import change, count, members
from emu.hops.balancer.choices import MOST, another, with_replacement
from emu.kernel import kernel
from emu.registry import OptionsModel

_D: Final = MOST
_REPLACED: Final = MOST + 1
_MEMBERS: Final = MOST + 2


class Options(OptionsModel):
    """How many are drawn, and how."""

    d: Annotated[int, Field(ge=1, le=MOST)] = 2
    """How many backends are drawn."""
    replacement: bool = False
    """Whether one backend may be drawn more than once."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The places drawn, the options, and which backends are available."""
    head = [*[0] * MOST, options.d, int(options.replacement)]
    return np.array([*head, *members(backends["available"])], np.int64)


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come or gone, or has more or fewer requests, which is no matter."""
    change(memory[_MEMBERS:], backend, backends[backend]["available"] != 0)


@kernel
def pick(
    backends: NDArray[Any],
    memory: NDArray[np.int64],
    now: int,
    key: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """The least loaded of those drawn."""
    among, found = memory[_MEMBERS:], -1
    draws = memory[_D] if memory[_REPLACED] != 0 else min(memory[_D], count(among))
    if count(among) == 0:
        return -1
    for k in range(draws):
        if memory[_REPLACED] != 0:
            drawn = with_replacement(among, k, seed, request, attempt)
        else:
            drawn = another(among, memory, k, seed, request, attempt)
        if found < 0 or backends[drawn]["in_flight"] < backends[found]["in_flight"]:
            found = drawn
    return found
