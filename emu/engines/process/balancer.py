"""A load balancer's port as a process: a proxy that picks a node for each request."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from emu.engines.process.moments import Moment
from emu.engines.process.connection import Sender
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops import network
from emu.hops.network import CLIENT_LEGS
from emu.hops.node import Entry, Source
from emu.hops.ports import ephemeral
from emu.recorder.rows import Outcome

if TYPE_CHECKING:
    from emu.engines.process.client import Client
    from emu.engines.process.emulation import Emulation


class Listener:
    """Listener number ``number`` of the model."""

    def __init__(self, emulation: "Emulation", number: int) -> None:
        self.emulation = emulation
        self.description: Final = emulation.model.listeners[number]
        self.state: Final = emulation.state.listeners[number]
        self._sender = Sender(
            vertex=self.description.vertex, local_hops=0, number=self.description.vertex,
            pod=-1, source=Source.OUTSIDE, patience_ns=self.description.connect_timeout_ns,
        )  # fmt: skip
        self._connections = 0

    def forward(self, request: Request, client: "Client") -> Generator[Moment, None, int]:
        """Take a request from a client to a Pod and back; when the client has the answer."""
        emulation, model, here = self.emulation, self.emulation.model, self.description.vertex
        draw = (model.seed, request.request, request.attempt)
        request.load_balancer = self.description.load_balancer
        ends = (client.vertex, here)
        arrival = request.sent_ns + network.syn(
            *model.network, *ends, client.local_hops, CLIENT_LEGS, *draw
        )
        arrival += network.established(
            *model.network, *ends, here, client.local_hops, 0, request.request_bytes,
            CLIENT_LEGS, *draw,
        )  # fmt: skip
        yield Moment(emulation.env, Kind.LB_REQUEST, request.request, arrival)
        request.lb_ns = arrival
        size = 0
        backends = self.state.backends
        backend = self.state.pick(backends, self.state.memory, *draw)
        if backend < 0:
            request.outcome = Outcome.BAD_GATEWAY
            answered = arrival
        else:
            backends["in_flight"][backend] += 1
            answered = yield from self._through(request, int(backends["node"][backend]))
            yield Moment(emulation.env, Kind.ANSWER, request.request, answered)
            backends["in_flight"][backend] -= 1
            if request.outcome == Outcome.OK:
                size = request.response_bytes
        request.lb_response_ns = answered
        return answered + network.response(
            *model.network, *ends, here, client.local_hops, 0, size, CLIENT_LEGS, *draw
        )

    def _through(self, request: Request, node: int) -> Generator[Moment, None, int]:
        """Open a connection to a node's NodePort; when the answer is back."""
        request.lb_port = ephemeral(self._connections)
        self._connections += 1
        return (
            yield from self.emulation.nodes[node].connect(
                request, self._sender, request.lb_port,
                self.description.service, Entry.NODE_PORT, self.emulation.env.now,
            )
        )  # fmt: skip
