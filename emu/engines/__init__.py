"""Engines let simulated time pass while requests go through the hops.

An engine is handed a `emu.model.Model` and a `Sink`, and gives every attempt of a request to the
sink as a row of `emu.recorder.rows.ROW`, in the order in which they ended. Engines own only
waiting: what happens at an event is decided by the kernels in `emu.hops`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from emu.control.log import Log
from emu.recorder.timing import EventTime


class Sink(Log, Protocol):
    """Where an engine's results go, and those of the control loops beside it."""

    def write_requests(self, rows: NDArray[Any]) -> None:
        """Take rows of `emu.recorder.rows.ROW`; the array may be reused afterwards."""

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
