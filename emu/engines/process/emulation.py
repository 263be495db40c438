"""The SimPy environment with everything in it."""

import signal
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

import numpy as np
import simpy

from emu.control.sampler import sampler
from emu.distributions import sample
from emu.engines import Ending, Sink
from emu.engines.process.balancer import Listener
from emu.engines.process.client import Client
from emu.engines.process.moments import Clock
from emu.engines.process.node import Node
from emu.engines.process.pod import Pod
from emu.engines.process.request import Request, as_row
from emu.hops.network import travel
from emu.hops.pod import arrive, leave
from emu.kernel import bound
from emu.model import Model
from emu.model.state import State
from emu.recorder.rows import ROW

_CHUNK: Final = 8192


class Emulation:
    """One run of a model: its clients, load balancers, nodes and Pods on one SimPy environment.

    Time is an int, nanoseconds. Rows go to the sink a few thousand at a time.
    """

    def __init__(self, model: Model, sink: Sink) -> None:
        self.model, self.sink, self.state = model, sink, State(model)
        self.env: Final = Clock()
        self.travel: Final = bound(travel, *model.network)
        self.pod_kernels: Final = (
            bound(arrive, self.state.pods),
            bound(leave, self.state.pods),
            bound(sample, model.network.table),
        )
        self.endpoints: list[tuple[int, int]] = model.endpoints.tolist()
        self.connections: Final[defaultdict[int, Iterator[int]]] = defaultdict(count)
        """Numbers the connections that each sender opens: all on a host share its ports."""
        self.pods = [Pod(self, number) for number in range(len(model.pods))]
        self.nodes = [Node(self, number) for number in range(len(model.places.nodes))]
        self.listeners = [Listener(self, number) for number in range(len(model.listeners))]
        self.clients = [Client(self, number) for number in range(len(model.clients))]
        self._under_way: dict[int, Request] = {}
        self._ended: list[tuple[int, ...]] = []
        self._stop: Final = self.env.event()
        self._end, self._latest = model.end_ns, 0
        self._interrupted = False

    def run(self) -> Ending:
        """Let time pass until the end of the run, or until the user interrupts it."""
        for client in self.clients:
            self.env.process(client.run())
        self.env.process(sampler(self.env, self.model, self.state, self.sink.write_metric))
        if self.model.end_ns is not None:
            self.env.process(self._stop_at(self.model.end_ns))
        with self._stopping_on_interrupt():
            self.env.run(until=self._stop)
        if self._interrupted:
            self._end = self.env.now + 1  # some of this instant's events have happened
        for number in sorted(self._under_way):
            request = self._under_way[number]
            self.clients[request.client].end(request, None)
            request.cut(self._end or self.env.now)
            self._ended.append(as_row(request))
        self._flush()
        end = max(self.env.now, self._latest) if self._end is None else self._end
        return Ending(end, self.state.sent, self.env.number_of_events(), self._interrupted)

    def before_end(self, time: int) -> bool:
        """Whether what happens at this time still belongs to the run."""
        return self._end is None or time < self._end

    def start(self, request: Request) -> bool:
        """Count a request as sent; false when the run has sent all it was to send."""
        if self.state.sent == self.model.requests:
            return False
        self.state.sent += 1
        self._under_way[request.request] = request
        return True

    def finish(self, request: Request) -> None:
        """Take the row of a request that is over."""
        del self._under_way[request.request]
        self._ended.append(as_row(request))
        self.state.finished += 1
        if len(self._ended) == _CHUNK:
            self._flush()
        if self.state.finished == self.model.requests:
            self._halt()

    def _flush(self) -> None:
        rows = np.array(self._ended, ROW)
        self._latest = max(self._latest, int(rows["done_ns"].max(initial=0)))
        self.sink.write_requests(rows)
        self._ended.clear()
        self.sink.progress(self.env.now, self.state.sent)

    def _stop_at(self, end: int) -> Generator[simpy.Event, None, None]:
        yield self.env.timeout(end)
        self._halt()

    def _halt(self) -> None:
        """End the run after this event."""
        if not self._stop.triggered:
            self._stop.succeed()

    @contextmanager
    def _stopping_on_interrupt(self) -> Iterator[None]:
        """Let SIGINT end the run between two events, so that no request is left half handled."""

        def stop(*_: object) -> None:
            self._interrupted = True
            self._halt()

        try:
            before = signal.signal(signal.SIGINT, stop)
        except ValueError:  # not the main thread: interrupts are somebody else's
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
