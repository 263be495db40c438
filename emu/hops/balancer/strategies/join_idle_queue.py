"""Join idle queue: an available backend without a request in flight, at random; where there is
none, any available one at random.

With exponential service its mean response lies between those of the shortest queue and of two
choices. Source: Y. Lu and others, "Join-Idle-Queue", Performance Evaluation 68 (2011), with one
dispatcher: there an idle server waits in the queue of a dispatcher, which takes the first; which
one it takes makes no difference among equals. Left out: weights.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer.available import change, count, members
from emu.hops.balancer.choices import with_replacement
from emu.kernel import kernel
from emu.registry import OptionsModel


class Options(OptionsModel):
    """Join idle queue has no options."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """Which backends are available, and which of them are idle."""
    there = backends["available"] != 0
    return np.concatenate([members(there), members(there & (backends["in_flight"] == 0))])


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come or gone, or has more or fewer requests in flight."""
    it, half = backends[backend], len(memory) // 2
    change(memory[:half], backend, it["available"] != 0)
    change(memory[half:], backend, it["available"] != 0 and it["in_flight"] == 0)


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
    """An idle backend, or any."""
    half = len(memory) // 2
    among = memory[half:] if count(memory[half:]) > 0 else memory[:half]
    return with_replacement(among, 0, seed, request, attempt)
