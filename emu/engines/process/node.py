"""A node as a process: kube-proxy's rules translate connections and their answers."""

from collections.abc import Generator
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from emu.engines.process.connection import Sender, exchange
from emu.engines.process.moments import Moment
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.conntrack import TIMEOUTS_NS, Closing, close
from emu.hops.network import FIRST_PACKET, ONWARD, POD_CONNECTION, REFUSED
from emu.hops.node import Verdict, translate, tuple_prefix
from emu.hops.tcp import resend
from emu.recorder.rows import Outcome

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation

_DROPPED: Final[dict[int, Outcome]] = {
    Verdict.DROP: Outcome.DROPPED_NO_LOCAL_ENDPOINT,
    Verdict.NO_CONNTRACK: Outcome.CONNTRACK_FULL,
    Verdict.NO_SNAT_PORT: Outcome.SNAT_EXHAUSTED,
}


class Flow(NamedTuple):
    """A translated connection: what its conntrack entry is found by."""

    prefix: int
    port: int


class Node:
    """Node number ``number`` of the model."""

    def __init__(self, emulation: "Emulation", number: int) -> None:
        self.emulation, self.model, self.env = emulation, emulation.model, emulation.env
        self.number = number
        self._limit = int(emulation.model.conntrack_limits[number])

    def connect(
        self, request: Request, sender: Sender, port: int, service: int, rule: int, start: int
    ) -> Generator[Moment, None, int]:
        """Carry a request over a new connection through this node.

        The sender's first SYN leaves its ``port`` at ``start``; the result is the time at which
        the sender has its answer, a refusal, or no patience left.
        """
        request.node, request.service = self.number, service
        arrival = start + self._travel(request, sender, self.number, 0, FIRST_PACKET)
        for retry in count():
            yield Moment(self.env, Kind.NODE_SYN, request.request, arrival + resend(retry))
            verdict, endpoint, nat_port, masqueraded = self._translate(
                request, sender, port, rule, retry
            )
            if verdict not in _DROPPED:
                break
            request.outcome = _DROPPED[verdict]
            if resend(retry + 1) >= sender.patience_ns:
                return max(self.env.now, start + sender.patience_ns)
        request.outcome, request.node_ns = Outcome.IN_FLIGHT, self.env.now
        if verdict == Verdict.REJECT:
            request.outcome = Outcome.REFUSED
            return self.env.now + self._travel(request, sender, self.number, 0, REFUSED)
        return (yield from self._deliver(request, sender, endpoint, nat_port, masqueraded, start))

    def _translate(
        self, request: Request, sender: Sender, port: int, rule: int, retry: int
    ) -> tuple[int, int, int, bool]:
        """Ask the rules; each copy of the SYN draws anew."""
        model, state = self.model, self.emulation.state
        while True:
            found = translate(
                model.rules, model.members, model.endpoints, *state.conntrack,
                model.mode, rule, self.number, sender.number, model.sources, sender.pod, port,
                self._limit, self.env.now,
                model.seed, request.request, (retry << 16) + request.attempt,
            )  # fmt: skip
            if found[0] != Verdict.ENLARGE:
                return found
            state.make_room()

    def _deliver(
        self,
        request: Request,
        sender: Sender,
        endpoint: int,
        nat_port: int,
        masqueraded: bool,
        start: int,
    ) -> Generator[Moment, None, int]:
        """Take a translated connection to its endpoint, and the answer back the same way."""
        request.endpoint = endpoint
        number, endpoint_port = self.emulation.endpoints[endpoint]
        request.pod = number
        if masqueraded:
            request.masquerade_port = nat_port
        flow = Flow(
            tuple_prefix(
                self.number, self.number if masqueraded else sender.number, endpoint,
                self.model.sources, len(self.emulation.endpoints),
            ),
            nat_port,
        )  # fmt: skip
        if number < 0:
            request.outcome = Outcome.CONNECT_TIMEOUT
            back = max(self.env.now, start + sender.patience_ns)
            self._close(flow, back, Closing.TIME_WAIT)
            return back
        pod = self.emulation.pods[number]
        if pod.app_port != endpoint_port:
            request.outcome = Outcome.REFUSED
            onward = self._travel(request, sender, pod.vertex, 1, ONWARD)
            request.pod_ns = self.env.now + onward
            back = self.env.now + self._travel(request, sender, pod.vertex, 1, REFUSED)
            self._close(flow, back, Closing.CLOSE)
            return back
        served, back = yield from exchange(
            self.emulation, request, sender, self.number, pod, self.env.now
        )
        self._close(flow, back, Closing.TIME_WAIT if served else Closing.CLOSE)
        return back

    def _travel(
        self, request: Request, sender: Sender, vertex: int, hops: int, legs: tuple[int, int]
    ) -> int:
        """How long these journeys without payload take, between the sender and that vertex."""
        return self.emulation.travel(
            sender.vertex, self.number, vertex, sender.local_hops, hops, 0,
            *legs, POD_CONNECTION, self.model.seed, request.request, request.attempt,
        )  # fmt: skip

    def _close(self, flow: Flow, at: int, state: Closing) -> None:
        """Let the conntrack entry expire its time after the sender has the last packet."""
        keys, ends, expiries, counters, _ = self.emulation.state.conntrack
        expires = at + TIMEOUTS_NS[state]
        close(
            keys, ends, expiries, counters, self.number, flow.prefix, flow.port,
            self.env.now, expires, int(state),
        )  # fmt: skip
