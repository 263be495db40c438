"""Cores of a node that its Pods compete for.

Where the Pods of a node have more threads than the node has cores, CFS divides the cores among them
by weight, a Pod's CPU request: none gets more than its threads can use, and what it does not use
the others have (max-min fairness, by water-filling). A Pod with a limit uses no more than that.
Only Pods that state a request or a limit take part. Source: Linux, Documentation/scheduler/
sched-design-CFS.rst; Kubernetes, pkg/kubelet/cm (``MilliCPUToShares``); D. Bertsekas, R. Gallager,
"Data Networks" (1992), section 6.5.2.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.kernel import cold, kernel

CPU = np.dtype([("first", "i8"), ("end", "i8"), ("cores", "f8"), ("weight", "f8"), ("most", "f8")])
"""One Pod: those that compete with it are ``competitors[first : end]``, itself among them (none: it
never lacks a core), for so many cores of its node; its weight, and the most cores that it uses."""


@cold
def slowed(
    pods: NDArray[Any], cpu: NDArray[Any], competitors: NDArray[np.int64], pod: int, service: int
) -> int:
    """A service time as it is by the share of cores that the Pod has now, of those it could use."""
    it = cpu[pod]
    if it["first"] == it["end"]:
        return service
    wanted = _wanted(pods, cpu, pod)
    share = min(wanted, it["weight"] * _level(pods, cpu, competitors, pod))
    return int(service * (wanted / share) + 0.5)


@kernel
def _level(
    pods: NDArray[Any], cpu: NDArray[Any], competitors: NDArray[np.int64], pod: int
) -> float:
    """Cores for each unit of weight of those that want more than they get; all of them if there are
    enough.

    Who wants less than its share leaves the rest to the others, until nobody does.
    """
    it = cpu[pod]
    level = 0.0
    while True:
        cores, weight = it["cores"], 0.0
        for place in range(it["first"], it["end"]):
            other = competitors[place]
            wanted = _wanted(pods, cpu, other)
            if wanted <= cpu[other]["weight"] * level:
                cores -= wanted
            else:
                weight += cpu[other]["weight"]
        if weight == 0.0:
            return np.inf
        if cores / weight <= level:
            return level
        level = cores / weight


@kernel
def _wanted(pods: NDArray[Any], cpu: NDArray[Any], pod: int) -> float:
    """Cores that a Pod can use now."""
    return float(min(float(pods[pod]["busy"]), cpu[pod]["most"]))
