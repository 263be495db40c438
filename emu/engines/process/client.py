"""A client as a process: it sends requests at their intended times and waits for answers."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from emu.engines.ending import NEVER, deadline_of, ending
from emu.engines.process.connection import Connection, Sender, exchange
from emu.engines.process.moments import Journey, Moment
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops import dns
from emu.hops.network import (
    DATAGRAM_REACH,
    FIRST_PACKET,
    ONWARD,
    POD_CONNECTION,
    REACH,
    REFUSED,
)
from emu.model.targets import TargetKind
from emu.recorder.rows import Outcome
from emu.workload import following

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation

Carrier = Callable[[Request, Connection], Generator[Moment, None, int]]
"""Takes a request to its end and back; the time at which the client has the answer."""


class Client:
    """Client number ``number`` of the model."""

    def __init__(self, emulation: "Emulation", number: int) -> None:
        self.emulation, self.number = emulation, number
        self.description = description = emulation.model.clients[number]
        self.vertex = int(description["vertex"])
        self.local_hops = int(description["local_hops"])
        self._request_bytes = int(description["request_bytes"])
        self.response_bytes = int(description["response_bytes"])
        self._timeout = int(description["timeout_ns"])
        self._resolves = bool(description["resolves"])
        self._addresses = emulation.state.dns["address"]
        self._sender = Sender(
            vertex=self.vertex, local_hops=self.local_hops,
            number=int(description["source_number"]), address=int(description["address"]),
            pod=int(description["pod"]), patience_ns=int(description["patience_ns"]),
            sources=int(description["sources"]),
        )  # fmt: skip
        first, targets = int(description["first_target"]), int(description["targets"])
        self._targets = [
            (self._carrier(target), int(target["route"]), bool(target["datagram"]))
            for target in emulation.model.targets[first : first + targets]
        ]

    def run(self) -> Generator[Moment, None, None]:
        """Send requests for as long as the run takes any: a SimPy process."""
        emulation, model = self.emulation, self.emulation.model
        kind = int(self.description["arrivals"])
        first = int(self.description["arrival_parameters"])
        intended = index = 0
        while True:
            number = index * len(model.clients) + self.number
            intended = following(
                kind, emulation.state.arrivals, first, model.seed, number, index, intended
            )
            if intended >= emulation.end:
                emulation.no_more()
                return
            yield Moment(emulation.env, Kind.CLIENT_SEND, number, intended)
            request = Request(number, self.number, intended, self._request_bytes)
            if not emulation.start(request):
                return
            Journey(self._send(request))
            index += 1

    def _send(self, request: Request) -> Generator[Moment, None, None]:
        """One request from its intended time to its end: a `Journey`."""
        address = self._resolve(request) if self._resolves else 0
        if self._targets:
            back = yield from self._connect(request, self._targets[address])
        else:
            back = yield from self._nothing_sent(request, Outcome.DNS_FAILURE)
        deadline = deadline_of(request.intended_ns, self._timeout)
        request.outcome, request.done_ns = ending(
            request.outcome, back, deadline, self.emulation.end
        )
        self.emulation.finish(request)

    def _resolve(self, request: Request) -> int:
        """Which of the domain's addresses it goes to, and wait until the client knows."""
        model = self.emulation.model
        request.sent_ns += dns.resolve(
            self.emulation.state.dns, self.number, request.intended_ns, max(len(self._targets), 1),
            model.network.table, model.resolver_latency, model.resolver_ttl_ns,
            model.seed, request.request, request.attempt,
        )  # fmt: skip
        return int(self._addresses[self.number])

    def _connect(
        self, request: Request, target: tuple[Carrier, int, bool]
    ) -> Generator[Moment, None, int]:
        """Open a connection from the address whose turn it is, if it has a port for it."""
        carrier, route, datagram = target
        turn = request.request // len(self.emulation.model.clients) % self._sender.sources
        port = self.emulation.take_port(route + turn, request.sent_ns)
        if port is None:
            return (yield from self._nothing_sent(request, Outcome.PORTS_EXHAUSTED))
        request.client_port = port.number
        return (yield from carrier(request, Connection(self._sender, turn, port, datagram)))

    def _carrier(self, target: Any) -> Carrier:
        """How requests to this target go."""
        kind = int(target["kind"])
        if kind == TargetKind.LISTENER:
            listener = self.emulation.listeners[target["listener"]]
            return lambda request, connection: listener.forward(request, self, connection)
        if kind == TargetKind.SERVICE:
            return lambda request, connection: self._to_service(request, connection, target)
        if kind == TargetKind.POD:
            return lambda request, connection: self._to_pod(request, connection, target)
        if kind == TargetKind.CLOSED:
            vertex = int(target["vertex"])
            return lambda request, connection: self._to_closed_port(request, connection, vertex, 0)
        return self._to_nowhere

    def _to_service(
        self, request: Request, connection: Connection, target: Any
    ) -> Generator[Moment, None, int]:
        """To a NodePort or a ClusterIP, which a node translates."""
        back: int = yield from self.emulation.nodes[target["node"]].connect(
            request, connection, int(target["service"]), int(target["rule"]), request.sent_ns
        )
        yield self._answer(request, back)
        return back

    def _to_pod(
        self, request: Request, connection: Connection, target: Any
    ) -> Generator[Moment, None, int]:
        """Straight to a Pod's own address, translated by nobody."""
        pod = self.emulation.pods[target["pod"]]
        request.pod = pod.number
        if target["port"] != pod.app_port:
            legs = (FIRST_PACKET[0], ONWARD[1])
            request.pod_ns = request.sent_ns + self._travel(request, pod.vertex, 1, legs)
            return (yield from self._to_closed_port(request, connection, pod.vertex, 1))
        legs = DATAGRAM_REACH if connection.datagram else REACH
        served, back = yield from exchange(
            self.emulation, request, connection, pod.vertex, pod, request.sent_ns, legs
        )
        if back == NEVER:
            back = max(self.emulation.env.now, request.sent_ns + self._sender.patience_ns)
        connection.over(back, in_order=served)
        yield self._answer(request, back)
        return back

    def _to_closed_port(
        self, request: Request, connection: Connection, vertex: int, destination_hops: int
    ) -> Generator[Moment, None, int]:
        """To a host that listens to nothing there: its RST comes back."""
        legs = (FIRST_PACKET[0], REFUSED[1])
        back = request.sent_ns + self._travel(request, vertex, destination_hops, legs)
        request.outcome = Outcome.REFUSED
        connection.over(back, in_order=False)
        yield self._answer(request, back)
        return back

    def _to_nowhere(self, request: Request, connection: Connection) -> Generator[Moment, None, int]:
        """To an address that nobody has, or that cannot be reached from here."""
        request.outcome = Outcome.CONNECT_TIMEOUT
        back = request.sent_ns + self._sender.patience_ns
        connection.over(back, in_order=False)
        yield self._answer(request, back)
        return back

    def _nothing_sent(self, request: Request, outcome: Outcome) -> Generator[Moment, None, int]:
        """The name stands for no address, or the host has no port: the client knows at once."""
        request.outcome = outcome
        yield self._answer(request, request.sent_ns)
        return request.sent_ns

    def _travel(self, request: Request, vertex: int, hops: int, legs: tuple[int, int]) -> int:
        """How long these journeys without payload take, between here and that vertex."""
        model = self.emulation.model
        return self.emulation.travel(
            self.vertex, vertex, vertex, self.local_hops, hops, 0,
            *legs, POD_CONNECTION, model.seed, request.request, request.attempt,
        )  # fmt: skip

    def _answer(self, request: Request, at: int) -> Moment:
        """The moment at which this client, as the sender, has its answer."""
        return Moment(self.emulation.env, Kind.ANSWER, request.request, at)
