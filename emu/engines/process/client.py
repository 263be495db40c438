"""A client as a process: it sends requests at their intended times and waits for answers."""

from collections.abc import Generator
from typing import TYPE_CHECKING

import simpy

from emu.engines.ending import deadline_of, ending
from emu.engines.process.connection import Connection, Sender
from emu.engines.process.destination import Destination, Steps
from emu.engines.process.moments import Journey, Moment
from emu.engines.process.pool import Pool
from emu.engines.process.request import Request
from emu.events import Kind, ticket_of
from emu.hops import dns
from emu.recorder.rows import ABSENT, Outcome
from emu.workload import following

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation


class Client:
    """Client number ``number`` of the model."""

    def __init__(self, emulation: "Emulation", number: int) -> None:
        self.emulation, self.number = emulation, number
        self.description = description = emulation.model.clients[number]
        self._request_bytes = int(description["request_bytes"])
        self.response_bytes = int(description["response_bytes"])
        self._timeout = int(description["timeout_ns"])
        self._resolves = bool(description["resolves"])
        self._addresses = emulation.state.dns["address"]
        self.tls = int(description["tls"])
        self.sender = Sender(
            vertex=int(description["vertex"]), local_hops=int(description["local_hops"]),
            number=int(description["source_number"]), address=int(description["address"]),
            pod=int(description["pod"]), patience_ns=int(description["patience_ns"]),
            sources=int(description["sources"]),
        )  # fmt: skip
        first, targets = int(description["first_target"]), int(description["targets"])
        self._destinations = [
            Destination(self, target) for target in emulation.model.targets[first : first + targets]
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
            yield Moment(emulation.env, Kind.CLIENT_SEND, ticket_of(number, 0), intended)
            request = Request(number, 0, self.number, intended, self._request_bytes)
            if not emulation.start(request):
                return
            Journey(self._send(request))
            index += 1

    def _send(self, request: Request) -> Generator[simpy.Event, None, None]:
        """One request from its intended time to its end: a `Journey`."""
        address = self._resolve(request) if self._resolves else 0
        if not self._destinations:
            back = yield from self._nothing_sent(request, Outcome.DNS_FAILURE)
        elif self._destinations[address].pools:
            back = yield from self._over_kept(request, self._destinations[address])
        else:
            back = yield from self._connect(request, self._destinations[address])
        deadline = deadline_of(request.intended_ns, self._timeout)
        request.outcome, request.done_ns = ending(
            request.outcome, back, deadline, self.emulation.end
        )
        self.emulation.finish(request)

    def _resolve(self, request: Request) -> int:
        """Which of the domain's addresses it goes to, and wait until the client knows."""
        model, addresses = self.emulation.model, max(len(self._destinations), 1)
        request.sent_ns += dns.resolve(
            self.emulation.state.dns, self.number, request.intended_ns, addresses,
            model.network.table, model.resolver_latency, model.resolver_ttl_ns,
            model.seed, request.request, request.attempt,
        )  # fmt: skip
        return int(self._addresses[self.number])

    def _turn(self, request: Request) -> int:
        """Which of the client's addresses it comes from."""
        return request.request // len(self.emulation.model.clients) % self.sender.sources

    def _connect(self, request: Request, destination: Destination) -> Steps:
        """Over a connection of its own, if there is a port for it."""
        turn = self._turn(request)
        port = self.emulation.take_port(destination.route + turn, request.sent_ns)
        if port is None:
            return (yield from self._nothing_sent(request, Outcome.PORTS_EXHAUSTED))
        request.client_port = port.number
        request.connection, request.new_connection = self.emulation.next_connection(), 1
        connection = Connection(self.emulation, self.sender, turn, port, self.tls)
        connection.datagram = destination.datagram
        return (yield from destination.open(request, connection))

    def _over_kept(self, request: Request, destination: Destination) -> Steps:
        """Over a connection that is kept: one that there is, or one more."""
        env, pool = self.emulation.env, destination.pools[self._turn(request)]
        deadline = deadline_of(request.intended_ns, self._timeout)
        if request.sent_ns > env.now:
            yield Moment(env, Kind.CLIENT_CONNECT, request.ticket, request.sent_ns)
        request.sent_ns = ABSENT
        connection, new = yield from pool.acquire(request, deadline)
        if connection is None:
            if request.outcome == Outcome.PORTS_EXHAUSTED:
                request.sent_ns = env.now  # else it has waited for longer than its client
            return (yield from self._nothing_sent(request, request.outcome))
        request.sent_ns = env.now
        request.client_port, request.new_connection = connection.port.number, int(new)
        request.connection = self.emulation.number_of(connection.kept)
        request.held = connection
        if deadline >= env.now and self._timeout >= 0:
            self._wait_until(deadline, request, pool)
        back = yield from (destination.open if new else destination.carry)(request, connection)
        if request.held is not None:
            request.held = None
            pool.done(connection, destination.met(request.outcome))
        return back

    def _wait_until(self, deadline: int, request: Request, pool: Pool) -> None:
        """Leave its connection to others when the client gives up, if that is open by then."""

        def give_up(_: simpy.Event) -> None:
            connection = request.held
            if connection is not None and connection.is_open:
                request.held = None
                pool.give_up(connection)

        moment = Moment(self.emulation.env, Kind.CLIENT_TIMEOUT, request.ticket, deadline)
        assert moment.callbacks is not None
        moment.callbacks.append(give_up)

    def _nothing_sent(self, request: Request, outcome: int) -> Steps:
        """The name stands for no address, or the host has no port: the client knows at once."""
        request.outcome = outcome
        known = max(self.emulation.env.now, request.sent_ns)
        yield Moment(self.emulation.env, Kind.ANSWER, request.ticket, known)
        return known
