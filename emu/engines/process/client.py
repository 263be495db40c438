"""A client as a process: it sends requests at their intended times and waits for answers."""

from collections.abc import Generator
from typing import TYPE_CHECKING

import simpy

from emu.distributions import sample
from emu.engines.ending import NEVER, deadline_of, ending
from emu.engines.process.call import Call
from emu.engines.process.connection import Connection, Sender
from emu.engines.process.destination import Destination, Steps
from emu.engines.process.moments import Journey, Moment, do_at
from emu.engines.process.request import Request
from emu.events import Kind, ticket_of
from emu.hops import dns
from emu.hops.classes import class_of
from emu.random_streams import THINK
from emu.recorder.rows import ABSENT, Outcome
from emu.workload import following, real_time

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation


class Client:
    """Client number ``number`` of the model; ``watched`` as in `emu.model.CLIENT`."""

    def __init__(self, emulation: "Emulation", number: int) -> None:
        self.emulation, self.number = emulation, number
        self.description = description = emulation.model.clients[number]
        self.policy, self.watched = int(description["policy"]), bool(description["watched"])
        self._classes = (int(description["first_class"]), int(description["classes"]))
        self.timeout = int(description["timeout_ns"])
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
        own = index = 0
        for user in range(int(self.description["users"])):
            self._think(user * len(model.clients) + self.number)
        while not self.description["users"]:
            number = index * len(model.clients) + self.number
            own = following(kind, emulation.state.arrivals, first, model.seed, number, index, own)
            intended = self._real_time(own)
            if intended >= emulation.end:
                emulation.no_more()
                return
            yield Moment(emulation.env, Kind.CLIENT_SEND, ticket_of(number, 0), intended)
            if not self._begin(number):
                return
            index += 1

    def _real_time(self, own: int) -> int:
        """When a moment of the client's own time is."""
        first, count = int(self.description["first_piece"]), int(self.description["pieces"])
        return int(real_time(self.emulation.model.surges, first, count, own)) if count else own

    def _think(self, number: int) -> None:
        """A user thinks before this request."""
        model, env = self.emulation.model, self.emulation.env
        thought = sample(
            model.network.table, int(self.description["think"]), model.seed, THINK, number, 0
        )
        at = env.now + int(thought)
        if at < self.emulation.end:
            ticket = ticket_of(number, 0)
            do_at(env, Kind.CLIENT_SEND, ticket, at, lambda: self._begin(number))

    def _begin(self, number: int) -> bool:
        """Send a request, unless the run has sent all that it was to send; false then."""
        if not self.emulation.begins():
            return False
        if self.watched:
            Call(self, number, self.emulation.env.now)
        else:
            now = self.emulation.env.now
            request = self.attempt(number, 0, now)
            request.deadline_ns = deadline_of(now, self.timeout)
            self.send(request)
        return True

    def over(self, call: Call) -> None:
        """A request is over; in a closed loop, its user thinks about the next."""
        if self.description["users"]:
            clients = len(self.emulation.model.clients)
            self._think(call.number + clients * int(self.description["stride"]))

    def attempt(self, number: int, attempt: int, intended: int) -> Request:
        """An attempt of a request, which is under way from now on."""
        model = self.emulation.model
        place = int(class_of(model.classes, *self._classes, model.seed, number))
        its = self.emulation.classes[place]
        request = Request(number, attempt, self.number, intended, place, its)
        request.sent_ns = self.emulation.env.now
        self.emulation.start(request)
        return request

    def send(self, request: Request) -> None:
        """Let an attempt set out."""
        Journey(self._send(request))

    def _send(self, request: Request) -> Generator[simpy.Event, None, None]:
        """One attempt from its start to its end: a `Journey`."""
        address = self._resolve(request) if self._resolves else 0
        if not self._destinations:
            back = yield from self._nothing_sent(request, Outcome.DNS_FAILURE)
        elif self._destinations[address].pools:
            back = yield from self._over_kept(request, self._destinations[address])
        else:
            back = yield from self._connect(request, self._destinations[address])
        self._conclude(request, back)
        self.emulation.finish(request)

    def _conclude(self, request: Request, back: int) -> None:
        """Say how the attempt has ended for the client."""
        deadline = NEVER if self.watched else deadline_of(request.intended_ns, self.timeout)
        if request.given_up is not None:
            request.end_given_up(self.emulation.end)
            return
        request.outcome, request.done_ns = ending(
            request.outcome, back, deadline, self.emulation.end
        )
        if request.call is not None:
            request.call.answered(request)

    def _resolve(self, request: Request) -> int:
        """Which of the domain's addresses it goes to, and wait until the client knows."""
        model, addresses = self.emulation.model, max(len(self._destinations), 1)
        request.sent_ns += dns.resolve(
            self.emulation.state.dns, self.number, request.sent_ns, addresses,
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
        if request.sent_ns > env.now:
            yield Moment(env, Kind.CLIENT_CONNECT, request.ticket, request.sent_ns)
        request.sent_ns = ABSENT
        connection, new = yield from pool.acquire(request, heeds=True)
        if connection is None:
            if request.outcome == Outcome.PORTS_EXHAUSTED:
                request.sent_ns = env.now  # else its client has given up meanwhile
            return (yield from self._nothing_sent(request, request.outcome))
        request.sent_ns = env.now
        request.client_port, request.new_connection = connection.port.number, int(new)
        request.connection = self.emulation.number_of(connection.kept)
        if request.given_up is None:
            request.held, request.pool = connection, pool
        back = yield from (destination.open if new else destination.carry)(request, connection)
        if request.held is not None:
            request.held = None
            pool.done(connection, destination.met(request))
        return back

    def _nothing_sent(self, request: Request, outcome: int) -> Steps:
        """The name stands for no address, or the host has no port: the client knows at once."""
        request.outcome = outcome
        known = max(self.emulation.env.now, request.sent_ns)
        yield Moment(self.emulation.env, Kind.ANSWER, request.ticket, known)
        return known
