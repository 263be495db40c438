"""The compiled engine: the same events as the process engine's, from a heap of its own, compiled.

The loop over the events of requests is compiled; SimPy keeps running the slow control loops, and
the compiled loop is one of its processes, which runs up to the next control event.
"""

from collections.abc import Generator
from time import perf_counter_ns
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from emu.engines import Ending, Sink
from emu.engines.clock import TimedClock
from emu.engines.compiled.closing import hang_up, leads_to
from emu.engines.compiled.failing import cut_short, emptied
from emu.engines.compiled.layout import (
    FINISHED,
    FREE,
    HAPPENED,
    KILLED,
    NONE,
    NOW,
    ROWS,
    SENT,
    Fixed,
    Moving,
    fixed,
    moving,
    with_more_calls,
    with_more_connections,
    with_more_events,
    with_more_slots,
)
from emu.engines.compiled.loop import advance, lacking, processor_clock, start
from emu.engines.compiled.pause import Pause
from emu.engines.ending import NEVER, ending_given_up
from emu.engines.session import Session
from emu.events import Kind
from emu.kernel import typed
from emu.model import Model
from emu.recorder.rows import ABSENT, Outcome
from emu.recorder.timing import EventTime
from emu.units import SECOND

__all__ = ["Emulation", "run"]

_AFTER_ALL = 2**63 - 1
"""A rank behind every event of an instant."""


class Emulation(Session):
    """One run of a model, its requests in arrays."""

    _fixed: Fixed
    _moving: Moving

    def begin(self) -> None:
        """Put the compiled loop among the SimPy processes."""
        self._passed_ns = self._passed_ticks = 0
        self._fixed = fixed(self.model, self.state, isinstance(self.env, TimedClock))
        self._moving = moving(self.model, self.state)
        start(self._fixed, self._moving)
        self._loop = typed(advance, self._fixed, self._moving, 0)
        self.env.process(self._run_between_control_events())

    def reached(self) -> int:
        """The simulated time of the last event."""
        return max(self.env.now, int(self._moving.counters[NOW]))

    def cut_short_at(self, pod: int, told: bool) -> None:
        """End the requests that wait or are served there, in their order."""
        rows, now = self._moving.rows, int(self.env.now)
        there = (rows["pod"] == pod) & (rows["pod_ns"] != ABSENT) & (rows["request"] != NONE)
        slots = np.flatnonzero(there & (rows["outcome"] == Outcome.IN_FLIGHT))
        for slot in slots[np.lexsort((rows["attempt"][slots], rows["request"][slots]))].tolist():
            cut_short(self._fixed, self._moving, slot, told, now)
        emptied(self._moving, pod, now)
        self._moving = with_more_events(self._moving)

    def hang_up(self, pod: int, in_order: bool) -> None:
        """Close the kept connections to it, in the order of their places."""
        kept, now = 1, int(self.env.now)
        while kept < self.state.pools.room[0]:
            if leads_to(self._moving, kept, pod):
                while (pause := lacking(self._fixed, self._moving)) != NONE:
                    self._make_room(pause)
                hang_up(self._fixed, self._moving, kept, in_order, now)
            kept += 1

    def refresh(self) -> None:
        """Arrays of the state were replaced by others."""
        self._fixed = fixed(self.model, self.state, self._fixed.timed)
        self._moving = self._moving._replace(
            conntrack=self.state.conntrack, memory=self.state.memory
        )

    def events(self) -> int:
        """How many events of requests and of control loops there were."""
        return int(self._moving.counters[HAPPENED]) + self.env.number_of_events()

    def times(self) -> tuple[EventTime, ...]:
        """The time of the events by kind, of a run that is timed; the loop counts in ticks."""
        control = super().times()
        if not control:
            return ()
        seconds = self._passed_ns / max(self._passed_ticks, 1) / SECOND
        times = [
            EventTime(kind=kind.name.lower(), count=count, seconds=passed * seconds)
            for kind, (count, passed) in zip(Kind, self._moving.times.tolist(), strict=True)
            if count
        ]
        loops = control[-1]
        beside = loops.seconds - self._passed_ns / SECOND
        return (*times, EventTime(kind="control", count=loops.count, seconds=beside))

    def finish_all(self) -> NDArray[Any]:
        """Hand on the finished rows; those of the requests under way, by their numbers."""
        self._hand_on()
        under_way = np.ones(len(self._moving.rows), bool)
        free = int(self._moving.counters[FREE])
        while free < len(under_way):
            under_way[free] = False
            free = int(self._moving.journeys["next"][free])
        rows = self._moving.rows[under_way]
        self._give_up(rows, self._moving.attempts[under_way])
        return rows[np.lexsort((rows["attempt"], rows["request"]))]

    def _give_up(self, rows: NDArray[Any], attempts: NDArray[Any]) -> None:
        """Say of the attempts that watched clients have given up how they ended for these."""
        watched = self.model.clients["watched"][rows["client"]] != 0
        for number in np.flatnonzero(watched & (attempts["given_up"] != NONE)):
            row, its = rows[number], attempts[number]
            row["outcome"], row["done_ns"] = ending_given_up(
                int(row["outcome"]), int(its["given_up"]), int(its["given_up_ns"]), self.end
            )

    def _run_between_control_events(self) -> Generator[simpy.Event, None, None]:
        while True:
            until = int(min(self.env.peek(), NEVER))
            pause = self._advance(until)
            if pause == Pause.DUE:
                yield self._behind_all(until)
            elif pause == Pause.OUT_OF_MEMORY:
                counters = self._moving.counters
                yield self._behind_all(int(counters[NOW]))
                self.tell_out_of_memory(int(counters[KILLED]))
            else:
                self.halt()
                return

    def _behind_all(self, at: int) -> simpy.Event:
        """The end of an instant, as control loops have it."""
        moment = simpy.Event(self.env)
        moment._ok, moment._value = True, None
        self.env.happen(moment, _AFTER_ALL, at)
        return moment

    def _advance(self, until: int) -> int:
        """Run the loop up to a time; why it has stopped, if for no want of room: a `Pause`."""
        while not self.interrupted:
            pause = self._pass_timed(until) if self._fixed.timed else self._pass(until)
            self._count()
            if self._fixed.ejecting:
                self.tell_ejections()
            self.state.check_strategies()
            if pause in (Pause.DUE, Pause.FINISHED, Pause.OUT_OF_MEMORY):
                return pause
            self._make_room(pause)
        return Pause.FINISHED

    def _make_room(self, pause: int) -> None:
        """Make room for what the loop lacks."""
        if pause == Pause.ROWS:
            self._hand_on()
        elif pause == Pause.SLOTS:
            self._moving = with_more_slots(self._moving)
        elif pause == Pause.ENLARGE:
            self.state.make_room()
            self._moving = self._moving._replace(
                conntrack=self.state.conntrack, affinity=self.state.affinity
            )
        elif pause == Pause.PORTS:
            self.state.make_room_for_ports()
            self._moving = self._moving._replace(ports=self.state.ports)
        elif pause == Pause.CONNECTIONS:
            self.state.make_room_for_connections()
            self._moving = with_more_connections(self._moving, self.state.pools)
        elif pause == Pause.CALLS:
            self._moving = with_more_calls(self._moving)
        else:
            self._moving = with_more_events(self._moving)

    def _pass(self, until: int) -> int:
        pause: int = self._loop(self._fixed, self._moving, until)
        return pause

    def _pass_timed(self, until: int) -> int:
        """Run the loop, and see how long that takes by the wall clock and by the loop's own."""
        began = perf_counter_ns(), processor_clock()
        pause = self._pass(until)
        self._passed_ns += perf_counter_ns() - began[0]
        self._passed_ticks += processor_clock() - began[1]
        return pause

    def _count(self) -> None:
        counters = self._moving.counters
        self.state.sent, self.state.finished = int(counters[SENT]), int(counters[FINISHED])

    def _hand_on(self) -> None:
        """Give the finished rows to the sink."""
        counters = self._moving.counters
        self.write(self._moving.out[: counters[ROWS]], int(counters[NOW]))
        counters[ROWS] = 0


def run(model: Model, sink: Sink, timed: bool = False) -> Ending:
    """Run the model to its end; every request sent is in the sink with an outcome."""
    return Emulation(model, sink, timed).run()
