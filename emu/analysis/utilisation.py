"""How busy each Pod's workers were, in the part of the run that counts."""

import numpy as np
from numpy.typing import NDArray

from emu.analysis.reading import Chunk, Requests
from emu.recorder.header import Header
from emu.recorder.rows import ABSENT


def window(header: Header) -> tuple[int, int]:
    """From the end of the warm-up to the end of the run, in nanoseconds of simulated time."""
    return header.expected.warmup_ns, max(header.expected.warmup_ns, header.end_ns)


def within(chunk: Chunk, start: str, end: str, window_ns: tuple[int, int]) -> NDArray[np.int64]:
    """Nanoseconds between two moments of each request that lie within the window.

    A request that began and never ended goes on to the end of the window.
    """
    first, last = window_ns
    ends = np.where(chunk[end] == ABSENT, last, chunk[end])
    inside = np.minimum(ends, last) - np.maximum(chunk[start], first)
    inside[chunk[start] == ABSENT] = 0
    lasting: NDArray[np.int64] = np.maximum(inside, 0)
    return lasting


def busy_ns(requests: Requests) -> dict[str, float]:
    """Busy time of each Pod's workers, in nanoseconds.

    Every service counts for the part of it that lies in the window, whenever its request was sent
    and whether or not the client still waited for it.
    """
    first, last = window(requests.header)
    busy: NDArray[np.float64] = np.zeros(0)
    for chunk in requests.chunks("pod", "service_start_ns", "service_end_ns"):
        served = (chunk["pod"] != ABSENT) & (chunk["service_start_ns"] != ABSENT)
        lasting = within(chunk, "service_start_ns", "service_end_ns", (first, last))
        by_pod = np.bincount(
            chunk["pod"][served], weights=lasting[served], minlength=len(requests.names["pod"])
        )
        more = np.asarray(by_pod, dtype=np.float64)
        more[: len(busy)] += busy
        busy = more
    return dict(zip(requests.names.get("pod", ()), busy.tolist(), strict=False))


def utilisation(busy_ns: dict[str, float], header: Header) -> dict[str, float]:
    """Busy time of each Pod's workers as a share of the time they had, in [0, 1].

    Pods are those of ``expected.workers``. Of those whose workers share the header knows it: their
    requests are in service for longer than they keep a worker busy. A limit of fewer cores than
    workers is what those have.
    """
    first, last = window(header)
    busy, limits = {**busy_ns, **header.busy_ns}, header.expected.limits
    return {
        pod: busy.get(pod, 0.0) / (limits.get(pod, workers) * (last - first))
        if last > first
        else 0.0
        for pod, workers in header.expected.workers.items()
    }
