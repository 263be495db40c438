"""Engines let simulated time pass while requests go through the hops.

An engine is handed a `emu.model.Model` and a `Sink`, and gives every attempt of a request to the
sink as a row of `emu.recorder.rows.ROW`, in the order in which they ended. Engines own only
waiting: what happens at an event is decided by the kernels in `emu.hops`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from emu.recorder.timing import EventTime


class Sink(Protocol):
    """Where an engine's results go."""

    def write_requests(self, rows: NDArray[Any]) -> None:
        """Take rows of `emu.recorder.rows.ROW`; the array may be reused afterwards."""

    def write_metrics(
        self, at_ns: int, metric: str, objects: Sequence[str], values: NDArray[np.float64]
    ) -> None:
        """Take one sample of a metric for each of these objects."""

    def write_event(
        self, at_ns: int, kind: str, object_: str, cause: str | None, detail: str | None
    ) -> None:
        """Take one thing that happened to the cluster; in order of time."""

    def progress(self, now_ns: int, sent: int) -> None:
        """Hear how far the run has come; called every few thousand requests."""


class Ending(NamedTuple):
    """How a run ended: when in simulated time, after how many requests and events, whether before
    its time; what no row tells, the busy time of workers that are shared (see `Header.busy_ns`);
    and, of a run that was timed, the time of its events by kind."""

    end_ns: int
    sent: int
    events: int
    interrupted: bool
    busy_ns: Mapping[str, int] = MappingProxyType({})
    times: tuple[EventTime, ...] = ()
