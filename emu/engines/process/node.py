"""A node as a process: kube-proxy's rules translate connections and their answers."""

from collections.abc import Generator
from itertools import count
from typing import TYPE_CHECKING, Final

from emu.engines.ending import NEVER
from emu.engines.process.connection import Connection, Sender, Way, exchange
from emu.engines.process.moments import Moment
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.conntrack import Closing, entry_of
from emu.hops.network import (
    CARRIED_VIA,
    DATAGRAM_ONWARD,
    ESTABLISHED,
    FIRST_PACKET,
    ONWARD,
    POD_CONNECTION,
    REFUSED,
    SHAKEN_ONWARD,
    encrypting,
)
from emu.hops.node import Verdict, translate, tuple_prefix
from emu.hops.tcp import resend
from emu.recorder.rows import ABSENT, Outcome

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation

_DROPPED: Final[dict[int, Outcome]] = {
    Verdict.DROP: Outcome.DROPPED_NO_LOCAL_ENDPOINT,
    Verdict.NO_CONNTRACK: Outcome.CONNTRACK_FULL,
    Verdict.NO_SNAT_PORT: Outcome.SNAT_EXHAUSTED,
}


class Node:
    """Node number ``number`` of the model."""

    def __init__(self, emulation: "Emulation", number: int) -> None:
        self.emulation, self.model, self.env = emulation, emulation.model, emulation.env
        self.number = number
        self._failures = emulation.failures
        self._limit = int(emulation.model.conntrack_limits[number])

    def connect(
        self, request: Request, connection: Connection, service: int, rule: int, start: int
    ) -> Generator[Moment, None, int]:
        """Carry a request over a new connection through this node.

        The sender's first packet leaves at ``start``; the result is the time at which the sender
        has its answer, a refusal, or no patience left.
        """
        request.node, request.service, request.via = self.number, service, self.number
        sender, linear = connection.sender, self.model.kernel.linear
        legs, size = FIRST_PACKET, 0
        if connection.datagram:
            legs, size = CARRIED_VIA, request.request_bytes
        arrival = start + self._travel(request, sender, self.number, 0, legs, size)
        for retry in count():
            yield Moment(self.env, Kind.NODE_SYN, request.ticket, arrival + resend(retry, linear))
            leaves = self._let_through(request, connection, rule, retry)
            if leaves != NEVER:
                break
            if connection.datagram or resend(retry + 1, linear) >= sender.patience_ns:
                return self._silence(request, connection, self.env.now, start)
        if request.outcome == Outcome.REFUSED:
            back = leaves + self._travel(request, sender, self.number, 0, REFUSED)
            return connection.failed(request, back, Closing.CLOSE)
        return (yield from self._deliver(request, connection, start, leaves))

    def _let_through(self, request: Request, connection: Connection, rule: int, retry: int) -> int:
        """When a first packet leaves the node, or its refusal does; `NEVER` where it is lost, which
        its outcome says."""
        failures, leaves = self._failures, self.env.now
        if failures is not None and failures.cut(connection.sender.vertex, self.number):
            request.outcome = Outcome.CONNECT_TIMEOUT
            return NEVER
        if not connection.entry:  # else it was lost behind the node
            verdict = self._translate(request, connection, rule, retry)
            if verdict in _DROPPED:
                request.outcome = _DROPPED[verdict]
                return NEVER
            request.node_ns = self.env.now
            leaves += int(self.emulation.state.rules[rule]["cost_ns"])
            if verdict == Verdict.REJECT:
                request.outcome = Outcome.REFUSED
                return leaves
        request.outcome = Outcome.IN_FLIGHT
        request.pod = self.emulation.state.endpoints["pod"].item(request.endpoint)
        if failures is not None and request.pod != ABSENT and failures.cut_behind(request):
            request.outcome = Outcome.CONNECT_TIMEOUT
            return NEVER
        return leaves

    def _translate(self, request: Request, connection: Connection, rule: int, retry: int) -> int:
        """Ask the rules, and track what they translate: a `Verdict`; each copy draws anew."""
        model, state, sender = self.model, self.emulation.state, connection.sender
        while True:
            found = translate(
                state.rules, state.members, state.endpoints, *state.affinity, *state.conntrack,
                model.mode, model.loads, model.kernel.evicts, rule, self.number,
                sender.number + connection.turn, model.sources, sender.pod,
                sender.address + connection.turn, connection.port.number, connection.port.before,
                self._limit, self.env.now,
                model.seed, request.request, (retry << 16) + request.attempt,
            )  # fmt: skip
            if found[0] != Verdict.ENLARGE:
                break
            state.make_room()
        if found[0] == Verdict.DNAT:
            self._track(request, connection, *found[1:])
        return found[0]

    def _track(
        self,
        request: Request,
        connection: Connection,
        endpoint: int,
        nat_port: int,
        masqueraded: bool,
    ) -> None:
        """The connection goes to this endpoint from now on, from this port."""
        sender = connection.sender
        request.endpoint = endpoint
        if masqueraded:
            request.masquerade_port = nat_port
        elif nat_port != connection.port.number:
            request.masquerade_port = -nat_port
        source = self.number if masqueraded else sender.number + connection.turn
        prefix = tuple_prefix(
            self.number, source, endpoint, self.model.sources, len(self.emulation.state.endpoints)
        )
        connection.tracked(self.number, entry_of(prefix, nat_port))

    def _deliver(
        self, request: Request, connection: Connection, start: int, leaves: int
    ) -> Generator[Moment, None, int]:
        """Take a translated connection to its endpoint, and the answer back the same way.

        It ``leaves`` the node when the rules have let it go.
        """
        sender = connection.sender
        if request.pod == ABSENT:
            request.outcome = Outcome.CONNECT_TIMEOUT
            return self._silence(request, connection, leaves, start)
        pod, endpoint = self.emulation.pods[request.pod], request.endpoint
        endpoint_port = self.emulation.state.endpoints["port"].item(endpoint)
        request.epoch = pod.epoch
        if pod.app_port != endpoint_port:
            request.outcome = Outcome.REFUSED
            request.pod_ns = leaves + self._travel(request, sender, pod.vertex, 1, ONWARD)
            back = leaves + self._travel(request, sender, pod.vertex, 1, REFUSED)
            return connection.failed(request, back, Closing.CLOSE)
        if connection.tls:
            leaves += self._travel(request, sender, pod.vertex, 1, encrypting(connection.tls))
        if connection.kept:
            ready = leaves + self._travel(request, sender, pod.vertex, 1, SHAKEN_ONWARD)
            places = (self.number, request.service, endpoint, request.masquerade_port)
            connection.opens(ready, Way(self.number, pod, *places))
        legs = DATAGRAM_ONWARD if connection.datagram else ESTABLISHED
        answered, back = yield from exchange(
            self.emulation, request, connection, self.number, pod, leaves, legs
        )
        if back == NEVER:
            return self._silence(request, connection, self.env.now, start)
        connection.over(back, Closing.TIME_WAIT if answered else Closing.CLOSE)
        return back

    def _silence(self, request: Request, connection: Connection, now: int, start: int) -> int:
        """Nobody answers the sender, until it has no patience left; when that is."""
        back = max(now, start + connection.sender.patience_ns)
        return connection.failed(request, back, Closing.SYN_SENT)

    def _travel(
        self,
        request: Request,
        sender: Sender,
        vertex: int,
        hops: int,
        legs: tuple[int, int],
        size: int = 0,
    ) -> int:
        """How long these journeys take, between the sender and that vertex."""
        return self.emulation.travel(
            sender.vertex, self.number, vertex, sender.local_hops, hops, size,
            *legs, POD_CONNECTION, self.model.seed, request.request, request.attempt,
        )  # fmt: skip
