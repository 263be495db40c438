"""Packets that are lost on their way, and services that are cut short: where a cluster may change.

Whether a packet's way is cut is asked when it would be there. If it is, the packet is sent again as
Linux does, and comes so much later, or its sender gives up at last.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Final

from emu.engines.ending import NEVER, deadline_of
from emu.engines.process.moments import Moment, wake
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.network import CARRIED, is_cut
from emu.hops.pod import GONE
from emu.hops.tcp import COPIES, KEEPALIVE_NS, again_after, resend
from emu.kernel import bound
from emu.recorder.rows import ABSENT, Outcome

if TYPE_CHECKING:
    from emu.engines.process.balancer import Listener
    from emu.engines.process.client import Client
    from emu.engines.process.connection import Connection, Sender
    from emu.engines.process.emulation import Emulation

Steps = Generator[Moment, None, None]

_COME_BACK: Final = (
    Outcome.OK, Outcome.REFUSED, Outcome.RESET, Outcome.BACKLOG_FULL, Outcome.SHED,
)  # fmt: skip
"""The outcomes of which a packet tells the sender; of all others it knows by itself."""


class Failures:
    """What becomes of the packets and requests of a run whose cluster may change."""

    def __init__(self, emulation: "Emulation") -> None:
        self._emulation, self._env = emulation, emulation.env
        network = emulation.state.network
        self._bursts = emulation.memory_kernel
        self.cut: Callable[[int, int], int] = bound(is_cut, network.legs, network.core)

    def reach_pod(self, request: Request, connection: "Connection") -> Steps:
        """Wait until a request is there that the Pod did not get, or its sender gives up; where it
        is too much for the Pod's memory, until the Pod has been killed for it."""
        pods = self._emulation.state.pods
        while pods[request.pod]["app_port"] == GONE or self._severed(request, connection.sender):
            if connection.datagram:
                request.outcome = Outcome.REQUEST_TIMEOUT
                return
            at = self._again(request, connection.sender)
            if request.outcome in (Outcome.REQUEST_TIMEOUT, Outcome.GATEWAY_TIMEOUT):
                request.forsaken_ns = at
                return
            yield Moment(self._env, Kind.POD_REQUEST, request.ticket, at)
        request.copies = 0
        if request.epoch != pods[request.pod]["epoch"]:
            request.pod_ns, request.outcome = self._env.now, Outcome.RESET
        elif self._bursts is not None and self._bursts(request.pod):
            self._emulation.tell_out_of_memory(request.pod)
            yield Moment(self._env, Kind.POD_REQUEST, request.ticket, self._env.now)
            yield from self.reach_pod(request, connection)

    def reach_sender(self, request: Request, sender: "Sender") -> Steps:
        """Wait until an answer is there that was lost, or its sender gives up."""
        if request.outcome not in _COME_BACK or request.pod == request.node == ABSENT:
            return
        while request.outcome in _COME_BACK and self._severed(request, sender):
            at = self._again(request, sender)
            yield Moment(self._env, Kind.ANSWER, request.ticket, at)
        if request.outcome in _COME_BACK:
            request.copies = 0

    def _severed(self, request: Request, sender: "Sender") -> bool:
        """Whether the way of the connection that ends at the Pod, or at its node, is cut."""
        if self.cut(sender.vertex, request.via):
            return True
        return bool(request.pod != ABSENT and self.cut_behind(request))

    def cut_behind(self, request: Request) -> int:
        """Whether the way from the node that translates to the Pod is cut."""
        return self.cut(request.via, self._emulation.pods[request.pod].vertex)

    def _again(self, request: Request, sender: "Sender") -> int:
        """A segment is lost: when it comes again, or when who waits for an answer gives up."""
        later = self._env.now + again_after(request.copies)
        request.copies += 1
        until = self._patience_of(request)
        if request.copies <= COPIES and later <= until:
            return later
        request.outcome = _forsaken_by(request)
        return min(later, until)

    def _patience_of(self, request: Request) -> int:
        """Until when the sender waits for an answer that does not come; `NEVER` if nothing says."""
        emulation, now = self._emulation, self._env.now
        if request.listener != ABSENT:
            its = emulation.model.listeners[request.listener]
            return max(now, request.lb_ns + its.response_timeout_ns)
        client = emulation.clients[request.client]
        if client.watched:
            return NEVER
        return max(now, deadline_of(request.intended_ns, client.timeout))

    def reach_balancer(
        self, request: Request, client: "Client", listener: "Listener", connection: "Connection"
    ) -> Generator[Moment, None, int]:
        """Wait until a request is at a load balancer that did not get it; when its client gives up
        instead, or `NEVER`."""
        vertex = listener.description.vertex
        while True:
            if self._is_early(request, connection):
                later = self._with_opener(request, client, listener, connection)
            elif self.cut(client.sender.vertex, vertex):
                later = self._to_balancer_again(request, client, connection)
            else:
                request.copies = 0
                return NEVER
            if request.outcome != Outcome.IN_FLIGHT:
                request.lb_ns = ABSENT
                return later
            request.lb_ns = later
            yield Moment(self._env, Kind.LB_REQUEST, request.ticket, later)

    def _is_early(self, request: Request, connection: "Connection") -> bool:
        """Whether a request joined a connection that came to be open later than it seemed then."""
        joined = request.new_connection == 0 and request.held is not None
        return joined and connection.ready_ns > self._env.now

    def _with_opener(
        self, request: Request, client: "Client", listener: "Listener", connection: "Connection"
    ) -> int:
        """When it is there over its connection once that is open; it fails with it otherwise."""
        if connection.fails_ns < NEVER:
            request.outcome = connection.outcome
            return max(self._env.now, connection.fails_ns)
        carried = listener.travel(request, client, CARRIED, request.request_bytes)
        return connection.ready_ns + carried

    def _to_balancer_again(
        self, request: Request, client: "Client", connection: "Connection"
    ) -> int:
        """A SYN is lost, or a segment: when it comes again, or when the client gives up."""
        linear, patience = self._emulation.model.kernel.linear, client.sender.patience_ns
        request.copies += 1
        copies, now = request.copies, self._env.now
        if request.new_connection == 0:
            if copies > COPIES:
                request.outcome = Outcome.REQUEST_TIMEOUT
            return now + again_after(copies - 1)
        later = now - resend(copies - 1, linear) + resend(copies, linear)
        if resend(copies, linear) >= patience:
            request.outcome = Outcome.CONNECT_TIMEOUT
            later = max(now, request.sent_ns + patience)
        if request.held is not None:
            connection.ready_ns += later - now
            if request.outcome == Outcome.CONNECT_TIMEOUT:
                connection.outcome, connection.fails_ns = request.outcome, later
        return later

    def reach_client(self, request: Request, client: "Client", vertex: int) -> Steps:
        """Wait until a load balancer's answer is there that was lost."""
        while (
            request.lb_ns != ABSENT
            and request.copies <= COPIES
            and self.cut(client.sender.vertex, vertex)
        ):
            later = self._env.now + again_after(request.copies)
            request.copies += 1
            if request.copies > COPIES:
                request.outcome = Outcome.REQUEST_TIMEOUT
            yield Moment(self._env, Kind.CLIENT_ANSWER, request.ticket, later)

    def cut_short(self, request: Request, told: bool) -> None:
        """End a request that waits or is served at a Pod: its sender is ``told`` by an RST, or is
        not, and waits for an answer in vain."""
        assert request.waits is not None
        request.cut = True
        begun = request.service_start_ns != ABSENT
        request.service_end_ns = self._env.now if begun and told else ABSENT
        if told:
            request.outcome = Outcome.RESET
        else:
            request.outcome = _forsaken_by(request)
            request.forsaken_ns = min(self._patience_of(request), self._env.now + KEEPALIVE_NS)
        wake(request.waits)


def _forsaken_by(request: Request) -> Outcome:
    """The outcome where the sender has given up waiting for an answer."""
    direct = request.listener == ABSENT
    return Outcome.REQUEST_TIMEOUT if direct else Outcome.GATEWAY_TIMEOUT
