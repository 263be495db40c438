"""A load balancer's port as a process: a proxy that picks a backend for each request."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from emu.engines.process.connection import Connection, Sender, straight
from emu.engines.process.moments import Moment
from emu.engines.process.node import Node
from emu.engines.process.port import Port
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.balancer import finished, pick, started
from emu.hops.network import ANSWERED, CLIENT_CONNECTION, REACH
from emu.kernel import bound
from emu.recorder.rows import Outcome

if TYPE_CHECKING:
    from emu.engines.process.client import Client
    from emu.engines.process.emulation import Emulation


class Listener:
    """Listener number ``number`` of the model."""

    def __init__(self, emulation: "Emulation", number: int) -> None:
        self.emulation, self.model, self.env = emulation, emulation.model, emulation.env
        self.description: Final = emulation.model.listeners[number]
        self.state: Final = emulation.state.listeners[number]
        self._vertex = self.description.vertex
        self._nodes = self.state.backends["node"].tolist()
        self._endpoints = self.state.backends["endpoint"].tolist()
        self._rules = self.state.backends["rule"].tolist()
        self._routes = self.state.backends["route"].tolist()
        its = (self.state.strategy, self.state.backends, self.state.memory)
        self._pick = bound(pick, *its)
        self._started, self._finished = bound(started, *its), bound(finished, *its)
        self._sender = Sender(
            vertex=self._vertex, local_hops=0, number=self._vertex,
            address=self.description.address, pod=-1,
            patience_ns=self.description.connect_timeout_ns,
        )  # fmt: skip

    def forward(
        self, request: Request, client: "Client", connection: Connection
    ) -> Generator[Moment, None, int]:
        """Take a request from a client to a Pod and back; when the client has the answer."""
        draw = (self.model.seed, request.request, request.attempt)
        ends = (client.vertex, self._vertex, self._vertex, client.local_hops, 0)
        request.load_balancer = self.description.load_balancer
        request.lb_ns = request.sent_ns + self.emulation.travel(
            *ends, request.request_bytes, *REACH, CLIENT_CONNECTION, *draw
        )
        yield Moment(self.env, Kind.LB_REQUEST, request.request, request.lb_ns)
        backend = self._pick(self.env.now, connection.address, *draw)
        own_port = None if backend < 0 else self._take_port(backend)
        if own_port is None:
            request.outcome = Outcome.BAD_GATEWAY if backend < 0 else Outcome.PORTS_EXHAUSTED
            request.lb_response_ns = request.lb_ns
        else:
            self._started(backend)
            request.lb_response_ns = yield from self._through(request, backend, own_port)
            yield Moment(self.env, Kind.ANSWER, request.request, request.lb_response_ns)
            self._finished(backend, self.env.now, self.env.now - request.lb_ns)
        size = request.response_bytes if request.outcome == Outcome.OK else 0
        back = request.lb_response_ns + self.emulation.travel(
            *ends, size, *ANSWERED, CLIENT_CONNECTION, *draw
        )
        connection.over(back, in_order=True)
        return back

    def _take_port(self, backend: int) -> Port | None:
        return self.emulation.take_port(self._routes[backend], self.env.now)

    def _through(self, request: Request, backend: int, port: Port) -> Generator[Moment, None, int]:
        """Open a connection to a node's NodePort, or to a Pod; when the answer is back."""
        request.lb_port = port.number
        connection = Connection(self._sender, 0, port)
        if self._endpoints[backend] >= 0:
            return self._to_endpoint(request, connection, self._endpoints[backend])
        service, rule = self.description.service, self._rules[backend]
        node: Node = self.emulation.nodes[self._nodes[backend]]
        return node.connect(request, connection, service, rule, request.lb_ns)

    def _to_endpoint(
        self, request: Request, connection: Connection, number: int
    ) -> Generator[Moment, None, int]:
        """Straight to an endpoint, translated by nobody; silence where no Pod has its address."""
        request.service, request.endpoint = self.description.service, number
        pod, port, *_ = self.emulation.endpoints[number]
        if pod >= 0:
            return (
                yield from straight(
                    self.emulation, request, connection, self.emulation.pods[pod], port,
                    request.lb_ns,
                )
            )  # fmt: skip
        request.outcome = Outcome.CONNECT_TIMEOUT
        back = request.lb_ns + self.description.connect_timeout_ns
        connection.over(back, in_order=False)
        return back
