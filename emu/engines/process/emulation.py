"""A run in which every client, load balancer, node and Pod is a process."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from emu.engines import Sink
from emu.engines.process.balancer import Listener
from emu.engines.process.client import Client
from emu.engines.process.node import Node
from emu.engines.process.pod import Pod
from emu.engines.process.port import Port
from emu.engines.process.request import Request, as_row
from emu.engines.process.sharing import SharingPod
from emu.engines.session import Session
from emu.hops.network import travel
from emu.hops.pod import arrive, leave, service_time
from emu.hops.ports import EXHAUSTED, crowded, release, take
from emu.hops.sharing import completion, finish_of, pass_time
from emu.kernel import bound
from emu.model import Model
from emu.recorder.rows import ROW

_CHUNK: Final = 8192


class Emulation(Session):
    """One run of a model: its clients, load balancers, nodes and Pods on one SimPy environment."""

    def __init__(self, model: Model, sink: Sink, timed: bool = False) -> None:
        super().__init__(model, sink, timed)
        self.travel: Final = bound(travel, *model.network)
        self.pod_kernels: Final = (
            bound(arrive, self.state.pods),
            bound(leave, self.state.pods),
            bound(service_time, self.state.pods, model.network.table),
        )
        self.endpoints: list[tuple[int, int, int, int]] = model.endpoints.tolist()
        self._bind_ports()
        self.pods = [
            SharingPod(self, number) if shared else Pod(self, number)
            for number, shared in enumerate(model.pods["shared"].tolist())
        ]
        self.nodes = [Node(self, number) for number in range(len(model.places.nodes))]
        self.listeners = [Listener(self, number) for number in range(len(model.listeners))]
        self.clients = [Client(self, number) for number in range(len(model.clients))]
        self._under_way: dict[int, Request] = {}
        self._ended: list[tuple[int, ...]] = []

    @cached_property
    def sharing_kernels(self) -> tuple[Callable[..., int], ...]:
        """Those of Pods whose workers are shared, for the few runs that have such."""
        pods, sharing = self.state.pods, self.state.sharing
        return (
            bound(pass_time, pods, sharing),
            bound(finish_of, sharing),
            bound(completion, pods, sharing),
        )

    def take_port(self, route: int, at: int) -> Port | None:
        """A source port for a connection of this route, or None where none is free."""
        kernel, ports = self.model.kernel, self.state.ports
        if crowded(ports.resting, ports.room):
            self.state.make_room_for_ports()
            self._bind_ports()
        place, before = self._take(route, kernel.ports, kernel.port_rest, at)
        return None if place == EXHAUSTED else Port(self, route, place, before)

    def _bind_ports(self) -> None:
        self._take = cast(Callable[..., tuple[int, int]], bound(take, *self.state.ports))
        self.release_port = bound(release, *self.state.ports)

    def begin(self) -> None:
        """Let the clients begin."""
        for client in self.clients:
            self.env.process(client.run())

    def reached(self) -> int:
        """The simulated time of the last event."""
        return self.env.now

    def events(self) -> int:
        """How many events were put on SimPy's heap."""
        return self.env.number_of_events()

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
            self._hand_on()
        if self.state.finished == self.model.requests:
            self.halt()

    def finish_all(self) -> NDArray[Any]:
        """Hand on the finished rows; those of the requests under way, by their numbers."""
        self._hand_on()
        under_way = sorted(self._under_way.items())
        return np.array([as_row(request) for _, request in under_way], ROW)

    def _hand_on(self) -> None:
        self.write(np.array(self._ended, ROW), self.env.now)
        self._ended.clear()
