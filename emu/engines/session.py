"""What every engine does around its requests: control loops, the end of a run, rows handed on."""

import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import simpy
from numpy.typing import NDArray

from emu.control.log import NamedLog
from emu.control.loops import control_loops
from emu.engines import Ending, Sink
from emu.engines.clock import Clock, TimedClock
from emu.engines.ending import NEVER, cut, deadline_of, ending
from emu.events import Kind
from emu.hops.sharing import pass_time
from emu.model import Model
from emu.model.state import State
from emu.quantities import write_duration
from emu.recorder.rows import ABSENT
from emu.recorder.timing import EventTime
from emu.units import SECOND


class Session(ABC):
    """One run of a model on one SimPy environment; an engine says how its requests are carried.

    Time is an int, nanoseconds. ``end`` is the end of the run, `NEVER` while nobody knows it.
    ``timed`` asks for the time of the events by kind. ``tell_out_of_memory`` is who hears of Pods
    that are.
    """

    tell_out_of_memory: Callable[[int], None]

    def __init__(self, model: Model, sink: Sink, timed: bool = False) -> None:
        self.model, self.sink, self.state = model, sink, State(model)
        self._log: Final = NamedLog(sink, model.places.pod_names)
        self.env: Final = TimedClock() if timed else Clock()
        self.end = NEVER if model.end_ns is None else model.end_ns
        self.interrupted = False
        self._latest = 0
        self._stop: Final = self.env.event()

    @abstractmethod
    def begin(self) -> None:
        """Start the processes that carry requests."""

    @abstractmethod
    def reached(self) -> int:
        """The simulated time that requests have come to."""

    @abstractmethod
    def events(self) -> int:
        """How many events there were."""

    def reset(self, pod: int) -> None:
        """A Pod's process has ended; see `emu.control.traffic.Traffic`, as of the next three."""
        self.cut_short_at(pod, told=True)
        self.hang_up(pod, in_order=False)

    def silence(self, pod: int) -> None:
        """The Pod has gone without a word."""
        self.cut_short_at(pod, told=False)

    def drain(self, pod: int) -> None:
        """The Pod's process ends in order."""
        self.hang_up(pod, in_order=True)

    @abstractmethod
    def cut_short_at(self, pod: int, told: bool) -> None:
        """End the requests that wait or are served at a Pod, in their order."""

    @abstractmethod
    def hang_up(self, pod: int, in_order: bool) -> None:
        """Close the kept connections to a Pod, in the order of their places."""

    @abstractmethod
    def refresh(self) -> None:
        """Arrays of the state were replaced."""

    @abstractmethod
    def finish_all(self) -> NDArray[Any]:
        """Hand on the finished rows; those of the requests under way, by their numbers."""

    def run(self) -> Ending:
        """Let time pass until the end of the run, or until the user interrupts it."""
        self.begin()
        for process in control_loops(self.env, self.model, self.state, self, self._log):
            self.env.process(process)
        if self.model.end_ns is not None:
            self.env.process(self._stop_at(self.model.end_ns))
        with self._stopping_on_interrupt():
            self.env.run(until=self._stop)
        self.state.check_strategies()
        if self.interrupted:
            self.end = self.reached() + 1  # some of this instant's events have happened
        rows = self.finish_all()
        self._conclude(rows)
        self.write(rows, self.reached())
        end = self._end_of_run()
        return Ending(
            end, self.state.sent, self.events(), self.interrupted, self._busy_ns(end), self.times()
        )

    def watch_memory(self, tell: Callable[[int], None]) -> None:
        """Let somebody hear of each Pod that is out of memory."""
        self.tell_out_of_memory = tell

    def times(self) -> tuple[EventTime, ...]:
        """The time of the events by kind, of a run that is timed."""
        if not isinstance(self.env, TimedClock):
            return ()
        names = [kind.name.lower() for kind in Kind] + ["control"]
        measured = zip(names, self.env.counts, self.env.nanoseconds, strict=True)
        return tuple(
            EventTime(kind=name, count=count, seconds=ns / SECOND)
            for name, count, ns in measured
            if count
        )

    def _end_of_run(self) -> int:
        """When the run ended, whose last answers may still have been on their way to clients."""
        if self.interrupted:
            return max(self.end, self._latest + 1)
        return int(max(self.reached(), self._latest)) if self.end == NEVER else self.end

    def _busy_ns(self, end: int) -> dict[str, int]:
        """For how long the workers of each Pod ran where they share, until the end."""
        pods, sharing = self.state.pods, self.state.sharing
        shared = np.flatnonzero(pods["shared"]).tolist()
        for pod in shared:
            pass_time(pods, sharing, pod, end)
        names = self._log.pod_names
        return {names[pod]: int(sharing[pod]["busy_ns"]) for pod in shared}

    def write(self, rows: NDArray[Any], now: int) -> None:
        """Hand rows on to the sink."""
        if len(rows):
            self._latest = max(self._latest, int(rows["done_ns"].max()))
            self.sink.write_requests(rows)
        self.sink.progress(now, self.state.sent)

    def tell_ejections(self) -> None:
        """Hand on which backends were ejected since this was done last."""
        for at, listener, backend, lasting in self.state.take_ejections():
            name = self.model.listeners[listener].names[backend]
            detail = f"{name} for {write_duration(lasting)}"
            where = self.model.listener_name(listener)
            self.sink.write_event(at, "backend_ejected", where, "consecutiveErrors", detail)

    def halt(self) -> None:
        """End the run after this event."""
        if not self._stop.triggered:
            self._stop.succeed()

    def _conclude(self, rows: NDArray[Any]) -> None:
        """Say what became of the requests that nobody answered before the end of the run."""
        timeouts = self.model.clients["timeout_ns"]
        for row in rows:
            if row["done_ns"] != ABSENT:  # its client has given it up
                continue
            deadline = deadline_of(int(row["intended_ns"]), int(timeouts[row["client"]]))
            row["outcome"], row["done_ns"] = ending(int(row["outcome"]), NEVER, deadline, self.end)
        cut(rows, self.end)

    def _stop_at(self, end: int) -> Generator[simpy.Event, None, None]:
        yield self.env.timeout(end)
        self.halt()

    @contextmanager
    def _stopping_on_interrupt(self) -> Iterator[None]:
        """Let SIGINT end the run between two events, so that no request is left half handled."""

        def stop(*_: object) -> None:
            self.interrupted = True
            self.halt()

        try:
            before = signal.signal(signal.SIGINT, stop)
        except ValueError:  # not the main thread: interrupts are somebody else's
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
