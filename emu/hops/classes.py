"""Of which class a request is, among those of its client."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.random_streams import CLASS, uniform

REQUEST_CLASS = np.dtype(
    [("below", "f8"), ("request_bytes", "i8"), ("response_bytes", "i8"), ("service_time", "i8")]
)
"""One class: a draw below this, and not below that of the class before, means it; its sizes; and
the place of its service time in the model's distributions, or `THE_PODS`."""

THE_PODS: Final = -1
"""The service time is that of the Pod that serves it."""


@kernel
def class_of(classes: NDArray[Any], first: int, count: int, seed: int, request: int) -> int:
    """The place of a request's class: one of ``count`` from ``first`` on, whatever the attempt."""
    if count == 1:
        return first
    drawn, place = uniform(seed, CLASS, request, 0), first
    while place < first + count - 1 and drawn >= classes[place]["below"]:
        place += 1
    return place
