"""A run in which every client, load balancer, node and Pod is a process."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from emu.engines import Sink
from emu.engines.process.balancer import Listener
from emu.engines.process.client import Client
from emu.engines.process.connection import Connection
from emu.engines.process.failing import Failures
from emu.engines.process.node import Node
from emu.engines.process.pod import Pod
from emu.engines.process.port import Port
from emu.engines.process.request import Request, RequestClass, as_row
from emu.engines.process.sharing import SharingPod
from emu.engines.session import Session
from emu.hops import pool
from emu.hops.contention import slowed
from emu.hops.network import travel
from emu.hops.pod import arrive, leave, service_time
from emu.hops.pool import crowded as crowded_connections
from emu.hops.pool import next_number
from emu.hops.ports import EXHAUSTED, crowded, release, take
from emu.hops.reports import note, present
from emu.hops.sharing import completion, finish_of, pass_time
from emu.hops.shedding import any_shed, is_stale
from emu.hops.working_set import any_mortal, bursts
from emu.kernel import bound
from emu.model import Model
from emu.recorder.rows import ROW

_CHUNK: Final = 8192
_KERNELS: Final = (
    pool.check_out,
    pool.opened,
    pool.give_back,
    pool.closed,
    pool.first_look,
    pool.look,
)


class Connections(NamedTuple):
    """The kernels of `emu.hops.pool`, with the pools of the run."""

    check_out: Callable[..., int]
    opened: Callable[..., int]
    give_back: Callable[..., int]
    closed: Callable[..., int]
    first_look: Callable[..., int]
    look: Callable[..., int]


class Pods(dict[int, Pod]):
    """The Pods by their numbers, each made when it is first asked for."""

    def __init__(self, emulation: "Emulation") -> None:
        super().__init__()
        self._emulation = emulation

    def __missing__(self, number: int) -> Pod:
        shared = self._emulation.state.pods["shared"][number]
        made = self[number] = (SharingPod if shared else Pod)(self._emulation, number)
        return made


class Emulation(Session):
    """One run of a model: its clients, load balancers, nodes and Pods on one SimPy environment."""

    def __init__(self, model: Model, sink: Sink, timed: bool = False) -> None:
        super().__init__(model, sink, timed)
        self.travel: Final = bound(travel, *self.state.network)
        self.pod_kernels: Final = (
            bound(arrive, self.state.pods),
            bound(leave, self.state.pods),
            bound(service_time, self.state.pods, model.network.table),
        )
        self.classes = [RequestClass(*row) for row in model.classes.tolist()]
        self._bind_ports()
        self._bind_connections()
        self.next_connection: Final = bound(next_number, self.state.pools.room)
        self.kept: dict[int, Connection] = {}
        self.failures = None if model.live is None else Failures(self)
        self.pods = Pods(self)
        self.nodes = [Node(self, number) for number in range(len(model.places.nodes))]
        self.listeners = [Listener(self, number) for number in range(len(model.listeners))]
        self.clients = [Client(self, number) for number in range(len(model.clients))]
        self._under_way: dict[int, Request] = {}
        self._ended: list[tuple[int, ...]] = []

    @cached_property
    def sharing_kernels(self) -> tuple[Callable[..., int], ...]:
        """Those of Pods whose workers share, for the few runs that have such."""
        pods, sharing = self.state.pods, self.state.sharing
        return (
            bound(pass_time, pods, sharing),
            bound(finish_of, sharing),
            bound(completion, pods, sharing),
        )

    @cached_property
    def stale_kernel(self) -> Callable[..., int] | None:
        """That of Pods which shed requests, for the runs in which there are such."""
        any_sheds = any_shed(self.model.shedding)
        return bound(is_stale, self.state.shedding) if any_sheds else None

    @cached_property
    def memory_kernel(self) -> Callable[..., int] | None:
        """That of Pods which may be killed for their memory, for the runs that have such."""
        state = self.state
        limited = any_mortal(self.model.working_sets)
        return bound(bursts, state.working_sets, state.pods) if limited else None

    @cached_property
    def contention_kernel(self) -> Callable[..., int]:
        """That of Pods that compete for cores, for the runs that have such."""
        return bound(slowed, self.state.pods, self.state.cpu, self.model.competitors)

    @cached_property
    def report_kernels(self) -> tuple[Callable[..., int], ...]:
        """Those of what Pods report, for the runs in which they are probed."""
        return bound(present, self.state.pods), bound(note, self.state.reports)

    def take_port(self, route: int, at: int) -> Port | None:
        """A source port for a connection of this route, or None where none is free."""
        kernel, ports = self.model.kernel, self.state.ports
        if crowded(ports.resting, ports.room, 1):
            self.state.make_room_for_ports()
            self._bind_ports()
        place, before = self._take(route, kernel.ports, kernel.port_rest, at)
        return None if place == EXHAUSTED else Port(self, route, place, before)

    def _bind_ports(self) -> None:
        self._take = cast(Callable[..., tuple[int, int]], bound(take, *self.state.ports))
        self.release_port = bound(release, *self.state.ports)

    def keep(self, pool: int, request: Request) -> int:
        """The place of a connection that is opened for a request, and kept."""
        pools = self.state.pools
        if crowded_connections(pools.connections, pools.room, 1):
            self.state.make_room_for_connections()
            self._bind_connections()
        return self.connections.opened(
            pool, self.env.now, self.model.seed, request.request, request.attempt
        )

    def number_of(self, kept: int) -> int:
        """The number of a connection that is kept."""
        return int(self.state.pools.connections[kept]["number"])

    def _bind_connections(self) -> None:
        self.connections = Connections(*(bound(kernel, *self.state.pools) for kernel in _KERNELS))

    def begin(self) -> None:
        """Let the clients begin."""
        for client in self.clients:
            self.env.process(client.run())

    def reached(self) -> int:
        """The simulated time of the last event."""
        return self.env.now

    def cut_short_at(self, pod: int, told: bool) -> None:
        """End the requests that wait or are served there, in their order."""
        assert self.failures is not None
        for _, request in sorted(self._under_way.items()):
            if request.pod == pod and request.waits is not None:
                self.failures.cut_short(request, told)
        self.pods[pod].forget()
        it = self.state.pods[pod]
        it["busy"] = it["queued"] = 0
        it["epoch"] += 1

    def hang_up(self, pod: int, in_order: bool) -> None:
        """Close the kept connections to it, in the order of their places."""
        for _, connection in sorted(self.kept.items()):
            if not connection.is_over and connection.leads_to(pod):
                assert connection.pool is not None
                connection.pool.hang_up(connection, in_order)

    def refresh(self) -> None:
        """Arrays of the state were replaced by others."""
        for listener in self.listeners:
            listener.refresh()

    def events(self) -> int:
        """How many events were put on SimPy's heap."""
        return self.env.number_of_events()

    def begins(self) -> bool:
        """Count a request that begins; false when the run has sent all it was to send."""
        if self.state.begun == self.model.requests:
            return False
        self.state.begun += 1
        return True

    def start(self, request: Request) -> None:
        """Count an attempt of a request as sent."""
        self.state.sent += 1
        self._under_way[request.ticket] = request

    def expect(self) -> None:
        """Hear that another attempt of a request will be sent; the run is not over before."""
        self.state.pending += 1
        if self.state.wanted is not None:
            self.state.wanted += 1

    def expected(self, sent: bool) -> None:
        """Hear that it is sent now, or will not be."""
        self.state.pending -= 1
        if not sent and self.state.wanted is not None:
            self.state.wanted -= 1
            self._halt_when_over()

    def finish(self, request: Request) -> None:
        """Take the row of a request that is over."""
        del self._under_way[request.ticket]
        self._ended.append(as_row(request))
        self.state.finished += 1
        if len(self._ended) == _CHUNK:
            self._hand_on()
        self._halt_when_over()

    def no_more(self) -> None:
        """Hear that a client sends nothing more; the run is over with what all have sent."""
        self.state.sending -= 1
        if self.state.sending == 0 and self.model.requests is not None:
            self.state.wanted = self.state.sent + self.state.pending
            self._halt_when_over()

    def _halt_when_over(self) -> None:
        if self.state.finished == self.state.wanted:
            self.halt()

    def finish_all(self) -> NDArray[Any]:
        """Hand on the finished rows; those of the requests under way, by their numbers."""
        self._hand_on()
        under_way = sorted(self._under_way.items())
        for _, request in under_way:
            if request.given_up is not None:
                request.end_given_up(self.end)
        return np.array([as_row(request) for _, request in under_way], ROW)

    def _hand_on(self) -> None:
        self.write(np.array(self._ended, ROW), self.env.now)
        self._ended.clear()
