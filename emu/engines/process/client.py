"""A client as a process: it sends requests at their intended times and waits for answers."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from emu.engines.ending import deadline_of, ending
from emu.engines.process.connection import Connection, Sender, straight
from emu.engines.process.moments import Journey, Moment
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops import dns
from emu.hops.network import FIRST_PACKET, POD_CONNECTION, REFUSED
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
            return lambda request, connection: self._to_closed_port(request, connection, vertex)
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
        back = yield from straight(
            self.emulation, request, connection, pod, int(target["port"]), request.sent_ns
        )
        yield self._answer(request, back)
        return back

    def _to_closed_port(
        self, request: Request, connection: Connection, vertex: int
    ) -> Generator[Moment, None, int]:
        """To a host that listens to nothing there: its RST comes back."""
        model = self.emulation.model
        back = request.sent_ns + self.emulation.travel(
            self.vertex, vertex, vertex, self.local_hops, 0, 0, FIRST_PACKET[0], REFUSED[1],
            POD_CONNECTION, model.seed, request.request, request.attempt,
        )  # fmt: skip
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

    def _answer(self, request: Request, at: int) -> Moment:
        """The moment at which this client, as the sender, has its answer."""
        return Moment(self.emulation.env, Kind.ANSWER, request.request, at)
