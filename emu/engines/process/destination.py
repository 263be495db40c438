"""What an address of a client's URL leads to: how connections there are opened and used."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from emu.engines.ending import NEVER
from emu.engines.process.connection import Connection, Sender, Way, carry, exchange
from emu.engines.process.moments import Moment, Signal
from emu.engines.process.pool import Pool, closing_by
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.conntrack import Closing
from emu.hops.network import (
    CARRIED,
    FIRST_PACKET,
    ONWARD,
    POD_CONNECTION,
    REACH,
    REFUSED,
    SHAKEN,
    encrypting,
)
from emu.model.targets import TargetKind
from emu.recorder.rows import Outcome

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
            return self._to_closed_port(request, connection, int(self._target["vertex"]), 0)
        return self._to_nowhere(request, connection)

    def carry(self, request: Request, connection: Connection) -> Steps:
        """Take another request to its end and back over a connection that is kept."""
        if self._kind == TargetKind.LISTENER:
            return self._over_balancer(request, connection, new=False)
        return self._joining(request, connection)

    def met(self, outcome: int) -> int:
        """An outcome as far as the client's own connection goes: a load balancer that balances
        requests answers them all."""
        if self._kind != TargetKind.LISTENER:
            return outcome
        listener = self._emulation.listeners[self._target["listener"]]
        return outcome if listener.joins else Outcome.OK

    def _over_balancer(self, request: Request, connection: Connection, new: bool) -> Steps:
        listener = self._emulation.listeners[self._target["listener"]]
        back: int = yield from listener.forward(request, self._client, connection, new)
        if connection.kept:
            yield Moment(self._emulation.env, Kind.CLIENT_ANSWER, request.request, back)
        else:
            connection.over(back, Closing.TIME_WAIT)
        return back

    def _joining(self, request: Request, connection: Connection) -> Steps:
        back = yield from carry(self._emulation, request, connection)
        yield self._answer(request, back)
        return back

    def _to_service(self, request: Request, connection: Connection) -> Steps:
        """To a NodePort or a ClusterIP, which a node translates."""
        back: int = yield from self._emulation.nodes[self._target["node"]].connect(
            request, connection,
            int(self._target["service"]), int(self._target["rule"]), request.sent_ns,
        )  # fmt: skip
        yield self._answer(request, back)
        return back

    def _to_pod(self, request: Request, connection: Connection) -> Steps:
        """Straight to a Pod's own address, translated by nobody."""
        pod = self._emulation.pods[self._target["pod"]]
        request.pod = pod.number
        if self._target["port"] != pod.app_port:
            legs = (FIRST_PACKET[0], ONWARD[1])
            request.pod_ns = request.sent_ns + self._travel(request, pod.vertex, 1, legs)
            return (yield from self._to_closed_port(request, connection, pod.vertex, 1))
        start = request.sent_ns
        if connection.tls:
            start += self._travel(request, pod.vertex, 1, encrypting(connection.tls))
        if connection.kept:
            ready = start + self._travel(request, pod.vertex, 1, SHAKEN)
            connection.opens(ready, Way(pod.vertex, pod))
        legs = CARRIED if connection.datagram else REACH
        served, back = yield from exchange(
            self._emulation, request, connection, pod.vertex, pod, start, legs
        )
        if back == NEVER:
            back = max(self._emulation.env.now, request.sent_ns + connection.sender.patience_ns)
        connection.over(back, Closing.TIME_WAIT if served else Closing.CLOSE)
        yield self._answer(request, back)
        return back

    def _to_closed_port(
        self, request: Request, connection: Connection, vertex: int, destination_hops: int
    ) -> Steps:
        """To a host that listens to nothing there: its RST comes back."""
        legs = (FIRST_PACKET[0], REFUSED[1])
        back = request.sent_ns + self._travel(request, vertex, destination_hops, legs)
        return (yield from self._failing(request, connection, Outcome.REFUSED, back))

    def _to_nowhere(self, request: Request, connection: Connection) -> Steps:
        """To an address that nobody has, or that cannot be reached from here."""
        back = request.sent_ns + connection.sender.patience_ns
        return (yield from self._failing(request, connection, Outcome.CONNECT_TIMEOUT, back))

    def _failing(
        self, request: Request, connection: Connection, outcome: Outcome, back: int
    ) -> Steps:
        request.outcome = outcome
        connection.over(back, closing_by(outcome))
        connection.fails(outcome, back)
        yield self._answer(request, back)
        return back

    def _travel(self, request: Request, vertex: int, hops: int, legs: tuple[int, int]) -> int:
        """How long these journeys without payload take, between the client and that vertex."""
        model, sender = self._emulation.model, self._client.sender
        return self._emulation.travel(
            sender.vertex, vertex, vertex, sender.local_hops, hops, 0,
            *legs, POD_CONNECTION, model.seed, request.request, request.attempt,
        )  # fmt: skip

    def _answer(self, request: Request, at: int) -> Moment:
        """The moment at which the client, as the sender, has its answer."""
        return Moment(self._emulation.env, Kind.ANSWER, request.request, at)


__all__ = ["Destination", "Sender", "Step", "Steps"]
