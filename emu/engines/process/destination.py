"""What an address of a client's URL leads to: how connections there are opened and used."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from emu.engines.process.connection import Connection, answered, carry, straight
from emu.engines.process.moments import Moment, Signal
from emu.engines.process.pool import Pool, closing_by
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.conntrack import Closing
from emu.hops.network import FIRST_PACKET, POD_CONNECTION, REFUSED
from emu.model.targets import TargetKind
from emu.recorder.rows import ABSENT, Outcome

if TYPE_CHECKING:
    from emu.engines.process.client import Client

Step = Moment | Signal
Steps = Generator[Step, None, int]
"""Of a request on its way: the result is the time at which the client has the answer."""


class Destination:
    """One address that a client's requests go to; ``route`` is that of the first of the client's
    addresses, ``pools`` has one for each, if it keeps connections."""

    def __init__(self, client: "Client", target: Any) -> None:
        self._emulation, self._client = client.emulation, client
        self._kind, self._target = TargetKind(int(target["kind"])), target
        self.route, self.datagram = int(target["route"]), bool(target["datagram"])
        first, sender = int(target["pool"]), client.sender
        self.pools = [
            Pool(self._emulation, first + turn, self.route + turn, sender, turn, client.tls)
            for turn in range(sender.sources if first else 0)
        ]

    def open(self, request: Request, connection: Connection) -> Steps:
        """Open a connection for a request, and take it to its end and back."""
        if self._kind == TargetKind.LISTENER:
            return self._over_balancer(request, connection, new=True)
        if self._kind == TargetKind.SERVICE:
            return self._to_service(request, connection)
        if self._kind == TargetKind.POD:
            return self._to_pod(request, connection)
        if self._kind == TargetKind.CLOSED:
            return self._to_closed_port(request, connection)
        return self._to_nowhere(request, connection)

    def carry(self, request: Request, connection: Connection) -> Steps:
        """Take another request to its end and back over a connection that is kept."""
        if self._kind == TargetKind.LISTENER:
            return self._over_balancer(request, connection, new=False)
        return self._joining(request, connection)

    def met(self, request: Request) -> int:
        """Its outcome as far as the client's own connection goes: a load balancer that balances
        requests answers all that it gets."""
        outcome = request.outcome
        if self._kind != TargetKind.LISTENER or request.lb_ns == ABSENT:
            return outcome
        listener = self._emulation.listeners[self._target["listener"]]
        return outcome if listener.joins else Outcome.OK

    def _over_balancer(self, request: Request, connection: Connection, new: bool) -> Steps:
        listener = self._emulation.listeners[self._target["listener"]]
        back: int = yield from listener.forward(request, self._client, connection, new)
        reached = request.lb_ns != ABSENT
        connection.over(back, Closing.TIME_WAIT if reached else Closing.CLOSE)
        if self._client.watched or self._emulation.failures is not None:
            yield Moment(self._emulation.env, Kind.CLIENT_ANSWER, request.ticket, back)
        if self._emulation.failures is not None:
            vertex = listener.description.vertex
            yield from self._emulation.failures.reach_client(request, self._client, vertex)
            return self._emulation.env.now
        return back

    def _joining(self, request: Request, connection: Connection) -> Steps:
        back = yield from carry(self._emulation, request, connection)
        return (yield from self._answer(request, back))

    def _to_service(self, request: Request, connection: Connection) -> Steps:
        """To a NodePort or a ClusterIP, which a node translates."""
        back: int = yield from self._emulation.nodes[self._target["node"]].connect(
            request, connection,
            int(self._target["service"]), int(self._target["rule"]), request.sent_ns,
        )  # fmt: skip
        return (yield from self._answer(request, back))

    def _to_pod(self, request: Request, connection: Connection) -> Steps:
        """Straight to a Pod's own address, translated by nobody."""
        pod, port = self._emulation.pods[self._target["pod"]], int(self._target["port"])
        back = yield from straight(self._emulation, request, connection, pod, port, request.sent_ns)
        return (yield from self._answer(request, back))

    def _to_closed_port(self, request: Request, connection: Connection) -> Steps:
        """To a host that listens to nothing there: its RST comes back."""
        model, sender = self._emulation.model, self._client.sender
        vertex = int(self._target["vertex"])
        back = request.sent_ns + self._emulation.travel(
            sender.vertex, vertex, vertex, sender.local_hops, 0, 0, FIRST_PACKET[0], REFUSED[1],
            POD_CONNECTION, model.seed, request.request, request.attempt,
        )  # fmt: skip
        return (yield from self._failing(request, connection, Outcome.REFUSED, back))

    def _to_nowhere(self, request: Request, connection: Connection) -> Steps:
        """To an address that nobody has, or that cannot be reached from here."""
        back = request.sent_ns + connection.sender.patience_ns
        return (yield from self._failing(request, connection, Outcome.CONNECT_TIMEOUT, back))

    def _failing(
        self, request: Request, connection: Connection, outcome: Outcome, back: int
    ) -> Steps:
        request.outcome = outcome
        connection.failed(request, back, closing_by(outcome))
        return (yield from self._answer(request, back))

    def _answer(self, request: Request, at: int) -> Generator[Moment, None, int]:
        """Wait until the client, as the sender, has its answer; when that is."""
        return answered(self._emulation, request, self._client.sender, at)
