"""A load balancer's port as a process: a proxy that picks a backend for each request, or for
each connection."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from emu.engines.blame import NOTHING, says_of_backend
from emu.engines.ending import NEVER
from emu.engines.process.connection import Connection, Sender, Upstream, answered, carry, straight
from emu.engines.process.destination import Steps
from emu.engines.process.moments import Moment
from emu.engines.process.node import Node
from emu.engines.process.pool import Pool
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.balancer import finished, pick, probe, started
from emu.hops.balancer.limiting import SHED, admits, any_limit, is_full
from emu.hops.balancer.outliers import hear
from emu.hops.conntrack import Closing
from emu.hops.network import ANSWERED, CARRIED, CLIENT_CONNECTION, REACH, SHAKEN, encrypting
from emu.kernel import bound
from emu.model.state import State
from emu.recorder.rows import Outcome

if TYPE_CHECKING:
    from emu.engines.process.client import Client
    from emu.engines.process.emulation import Emulation

_NOBODYS: Final = 0


class Listener:
    """Listener number ``number`` of the model; it ``joins`` connections, or balances requests."""

    def __init__(self, emulation: "Emulation", number: int) -> None:
        self.emulation, self.model, self.env = emulation, emulation.model, emulation.env
        self.number: Final = number
        self.description: Final = emulation.model.listeners[number]
        self.state: Final = emulation.state.listeners[number]
        self.joins: Final = self.description.tcp
        self._vertex: Final = self.description.vertex
        self._nodes = self.state.backends["node"].tolist()
        self._rules = self.state.backends["rule"].tolist()
        self._routes = self.state.backends["route"].tolist()
        self.refresh()
        self._sender = Sender(
            vertex=self._vertex, local_hops=0, number=self._vertex,
            address=self.description.address, pod=-1,
            patience_ns=self.description.connect_timeout_ns,
        )  # fmt: skip
        first, tls = self.description.first_pool, self.description.tls
        self._pools = [
            Pool(emulation, first + backend, route, self._sender, 0, tls)
            for backend, route in enumerate(self._routes if first else ())
        ]

    def _limit(self, state: State) -> None:
        """Take no more requests than there may be, if that is said."""
        self._admits = self._is_full = None
        if any_limit(state.limits[self.number : self.number + 1]):
            its = (state.limits, self.number)
            self._admits = bound(admits, *its, self.state.backends)
            self._is_full = bound(is_full, *its, self.state.backends)

    def _detect(self, state: State) -> None:
        """Eject backends, if any are to be."""
        self._hear, its = None, self.state
        if state.detectors[self.number]["errors"]:
            self._hear = bound(
                hear, its.strategy, its.backends, its.memory, its.monitors,
                state.detectors, state.ejections, self.number,
            )  # fmt: skip

    def refresh(self) -> None:
        """Go by the strategy and the backends that there are now."""
        self._endpoints = self.state.backends["endpoint"].tolist()
        its = (self.state.strategy, self.state.backends, self.state.memory)
        self._pick = bound(pick, *its)
        self._started, self._finished = bound(started, *its), bound(finished, *its)
        state = self.emulation.state
        asked = (state.endpoints, state.pods, state.reports)
        self._probe = bound(probe, *its, *asked) if self.state.probes else None
        self._limit(state)
        self._detect(state)

    def forward(
        self, request: Request, client: "Client", connection: Connection, new: bool
    ) -> Steps:
        """Take a request from a client to a Pod and back, over its connection, which is a ``new``
        one or open; when the client has the answer."""
        request.load_balancer = self.description.load_balancer
        request.lb_ns = self._arrival(request, client, connection, new)
        yield Moment(self.env, Kind.LB_REQUEST, request.ticket, request.lb_ns)
        if self.emulation.failures is not None:
            request.listener = self.number
            given_up = yield from self.emulation.failures.reach_balancer(
                request, client, self, connection
            )
            if given_up != NEVER:
                return given_up
        request.lb_response_ns = yield from self._behind(request, connection)
        size = request.response_bytes if request.outcome == Outcome.OK else 0
        return request.lb_response_ns + self.travel(request, client, ANSWERED, size)

    def _arrival(
        self, request: Request, client: "Client", connection: Connection, new: bool
    ) -> int:
        """When the request is here."""
        start, legs = request.sent_ns, REACH
        if new and connection.tls:
            start += self.travel(request, client, encrypting(connection.tls))
        if connection.kept and new:
            connection.opens(start + self.travel(request, client, SHAKEN))
        elif not new:
            if connection.fails_ns < NEVER:
                return max(start, connection.fails_ns)
            start, legs = max(start, connection.ready_ns), CARRIED
        return start + self.travel(request, client, legs, request.request_bytes)

    def _behind(self, request: Request, connection: Connection) -> Steps:
        """From here to a Pod and back here; not where its joined connection has ended before."""
        if self.joins and connection.kept and (request.held is None or connection.is_over):
            request.outcome = Outcome.RESET
            return self.env.now
        if connection.upstream is not None:
            return (yield from self._along(request, connection.upstream.connection))
        backend = self._pick_for(request, connection)
        if backend < 0:
            self.state.check()
            request.outcome = Outcome.SHED if backend == SHED else Outcome.BAD_GATEWAY
            return self.env.now
        if self._pools:
            return (yield from self._over_kept(request, backend))
        return (yield from self._over_own(request, connection, backend))

    def _pick_for(self, request: Request, connection: Connection) -> int:
        """The backend that the strategy picks for a request, or -1; `SHED` beyond the limits."""
        if self._admits is not None and not self._admits(self.env.now):
            return SHED
        key = (self.model.seed, request.request, request.attempt)
        backend = self._pick(self.env.now, connection.address, *key)
        if self._probe is not None:
            self._probe(self.env.now, *key)
        if self._is_full is not None and backend >= 0 and self._is_full(backend):
            return SHED
        return backend

    def _along(self, request: Request, upstream: Connection) -> Steps:
        """Over the connection that the client's is joined to."""
        request.lb_port = upstream.port.number
        request.lb_connection = self.emulation.number_of(upstream.kept)
        back = yield from carry(self.emulation, request, upstream)
        return (yield from self._answer(request, back))

    def _over_kept(self, request: Request, backend: int) -> Steps:
        """Over a connection to this node that is kept: one that there is, or one more."""
        self._started(backend)
        pool = self._pools[backend]
        connection, new = yield from pool.acquire(request, heeds=False)
        if connection is None:
            back = yield from self._answer(request, self.env.now)
        else:
            request.lb_port = connection.port.number
            request.lb_connection = self.emulation.number_of(connection.kept)
            if new:
                back = yield from self._open(request, connection, backend)
            else:
                back = yield from carry(self.emulation, request, connection)
            back = yield from self._answer(request, back)
            pool.done(connection, request.outcome)
        self._finished(backend, self.env.now, self.env.now - request.lb_ns)
        self._heard(request, backend)
        return back

    def _over_own(self, request: Request, client: Connection, backend: int) -> Steps:
        """Over a connection for this request, or for all that come over the client's."""
        port = self.emulation.take_port(self._routes[backend], self.env.now)
        if port is None:
            request.outcome = Outcome.PORTS_EXHAUSTED
            return self.env.now
        self._started(backend)
        joined, tls = self.joins and client.kept, self.description.tls
        kept = self.emulation.keep(_NOBODYS, request) if joined else 0
        connection = Connection(
            self.emulation, self._sender, 0, port, client.tls if self.joins else tls, kept
        )
        request.lb_port = port.number
        if joined:
            request.lb_connection = self.emulation.number_of(kept)
            client.upstream = Upstream(connection, self, backend, self.env.now)
        else:
            request.lb_connection = self.emulation.next_connection()
        back = yield from self._open(request, connection, backend)
        back = yield from self._answer(request, back)
        if not joined:
            self._finished(backend, self.env.now, self.env.now - request.lb_ns)
        self._heard(request, backend)
        return back

    def _heard(self, request: Request, backend: int) -> None:
        """Whether the backend has failed may eject it."""
        if self._hear is None:
            return
        says = says_of_backend(request.outcome, int(self.joins), request.new_connection)
        if says != NOTHING and self._hear(backend, self.env.now, says):
            self.emulation.tell_ejections()

    def closed(self, backend: int, lasted: int) -> None:
        """A connection to this node that was joined to a client's is over."""
        self._finished(backend, self.env.now, lasted)

    def _open(self, request: Request, connection: Connection, backend: int) -> Steps:
        """Open a connection to a node's NodePort, or to a Pod; when the answer is back."""
        request.new_connection += 2
        if self._endpoints[backend] >= 0:
            return self._to_endpoint(request, connection, self._endpoints[backend])
        service, rule = self.description.service, self._rules[backend]
        node: Node = self.emulation.nodes[self._nodes[backend]]
        return node.connect(request, connection, service, rule, self.env.now)

    def _to_endpoint(self, request: Request, connection: Connection, number: int) -> Steps:
        """Straight to an endpoint, translated by nobody; silence where no Pod has its address."""
        request.service, request.endpoint = self.description.service, number
        place, port, *_ = self.emulation.state.endpoints[number].item()
        start = self.env.now
        if place < 0:
            request.outcome = Outcome.CONNECT_TIMEOUT
            back = start + self.description.connect_timeout_ns
            return connection.failed(request, back, Closing.SYN_SENT)
        pod = self.emulation.pods[place]
        return (yield from straight(self.emulation, request, connection, pod, port, start))

    def _answer(self, request: Request, at: int) -> Generator[Moment, None, int]:
        """Wait until the answer is here; when that is."""
        return answered(self.emulation, request, self._sender, at)

    def travel(
        self, request: Request, client: "Client", legs: tuple[int, int], size: int = 0
    ) -> int:
        """How long these journeys take, between the client and here."""
        sender = client.sender
        return self.emulation.travel(
            sender.vertex, self._vertex, self._vertex, sender.local_hops, 0, size,
            *legs, CLIENT_CONNECTION, self.model.seed, request.request, request.attempt,
        )  # fmt: skip
