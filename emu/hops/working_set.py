"""The memory that a Pod uses, and the request that is one too many for its limit.

A Pod's working set is what its process takes at rest, and so much more for each request at it,
served or waiting. Above the limit of its cgroup the kernel kills the process. What is refused takes
nothing. Source: Linux, mm/memcontrol.c; Kubernetes, "Resource management for Pods and containers".
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel

WORKING_SET: Final = np.dtype([("base", "i8"), ("per_request", "i8"), ("limit", "i8")])
"""Of a Pod, in bytes: what its process takes at rest and for each request, and its limit (0: it is
never killed)."""


def any_mortal(working_sets: NDArray[Any]) -> bool:
    """Whether a Pod may be killed for its memory."""
    return bool((working_sets["limit"] > 0).any())


@kernel
def bursts(working_sets: NDArray[Any], pods: NDArray[Any], pod: int) -> bool:
    """Whether the Pod is killed for its memory if it takes one more request."""
    its, it = working_sets[pod], pods[pod]
    present = it["busy"] + it["queued"]
    if its["limit"] == 0 or present >= it["workers"] + it["backlog"]:
        return False
    return bool(its["base"] + (present + 1) * its["per_request"] > its["limit"])


def in_use(working_sets: NDArray[Any], pods: NDArray[Any]) -> NDArray[np.int64]:
    """The bytes that each Pod uses; none where no process listens and nobody is served."""
    present = pods["busy"] + pods["queued"]
    runs = (pods["app_port"] > 0) | (present > 0)
    used: NDArray[np.int64] = runs * working_sets["base"] + present * working_sets["per_request"]
    return used
