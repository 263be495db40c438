"""Parts of the compiled loop: those that wait, first come first served: lists of slots.

``queues`` of shape (places, 2) has the first and last slot of each, `NONE` where nobody waits.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.engines.compiled.layout import NONE
from emu.kernel import part


@part
def join(journeys: NDArray[Any], queues: NDArray[np.int64], place: int, slot: int) -> None:
    """The request is the last in this queue."""
    journeys[slot]["next"] = NONE
    last = queues[place, 1]
    if last == NONE:
        queues[place, 0] = slot
    else:
        journeys[last]["next"] = slot
    queues[place, 1] = slot


@part
def take_first(journeys: NDArray[Any], queues: NDArray[np.int64], place: int) -> int:
    """Take the first slot out of a queue in which there is one."""
    first = queues[place, 0]
    queues[place, 0] = journeys[first]["next"]
    if queues[place, 0] == NONE:
        queues[place, 1] = NONE
    return int(first)
