"""A TCP connection, or a datagram and its answer, while somebody has it."""

from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

from emu.engines.ending import NEVER
from emu.engines.process.moments import Moment, Signal
from emu.engines.process.pod import Pod
from emu.engines.process.port import Port
from emu.engines.process.request import Request
from emu.events import Kind
from emu.hops.conntrack import Closing, close, closing_of_datagrams
from emu.hops.network import (
    ANSWERED,
    CARRIED,
    CARRIED_VIA,
    FIRST_PACKET,
    ONWARD,
    POD_CONNECTION,
    REACH,
    REFUSED,
    SHAKEN,
    encrypting,
)
from emu.hops.pod import GONE
from emu.recorder.rows import ABSENT, Outcome

if TYPE_CHECKING:
    from emu.engines.process.balancer import Listener
    from emu.engines.process.emulation import Emulation
    from emu.engines.process.pool import Pool


class Sender(NamedTuple):
    """Who opens connections: where it is, who conntrack takes it for (the first of ``sources``, the
    IPv4 address of the first as a number), for how long it tries."""

    vertex: int
    local_hops: int
    number: int
    address: int
    pod: int
    patience_ns: int
    sources: int = 1


class Way(NamedTuple):
    """How an open connection goes to its Pod: what the rows of its requests have in common."""

    via: int
    pod: Pod
    node: int = ABSENT
    service: int = ABSENT
    endpoint: int = ABSENT
    masquerade_port: int = ABSENT


class Connection:
    """One that is opened: by whom, from which of its addresses and from which port; ``tls`` is how
    many round trips that takes besides, ``kept`` its place among those that are kept, or 0.

    Where it is kept, requests join it while it is being opened and afterwards: it is settled when
    its sender knows from when on it is open, or from when on it has failed.
    """

    datagram = False
    entry, via, tracked_ns = 0, ABSENT, ABSENT
    is_over = False
    ready_ns = fails_ns = NEVER
    outcome: int = Outcome.IN_FLIGHT
    way: Way | None = None
    epoch = 0
    pool: "Pool | None" = None
    upstream: "Upstream | None" = None

    def __init__(
        self, emulation: "Emulation", sender: Sender, turn: int, port: Port, tls: int = 0,
        kept: int = 0,
    ) -> None:  # fmt: skip
        self.emulation, self.sender, self.turn, self.port = emulation, sender, turn, port
        self.tls, self.kept = tls, kept
        self._joining: deque[Signal] = deque()

    @property
    def address(self) -> int:
        """The IPv4 address that it comes from, as a number."""
        return self.sender.address + self.turn

    @property
    def is_open(self) -> bool:
        """Whether its sender knows that it is open, all the way."""
        here = self.ready_ns <= self.emulation.env.now
        return here and (self.upstream is None or self.upstream.connection.is_open)

    def leads_to(self, pod: int) -> bool:
        """Whether it leads to a Pod, or is joined to one that does."""
        way = self.way if self.upstream is None else self.upstream.connection.way
        return way is not None and way.pod.number == pod

    def tracked(self, node: int, entry: int) -> None:
        """A node translates it from now on."""
        self.via, self.entry, self.tracked_ns = node, entry, self.emulation.env.now

    def opens(self, ready_ns: int, way: Way | None = None) -> None:
        """Its sender will be told then that it is open: those that wait for it go on."""
        self.ready_ns, self.way = ready_ns, way
        if way is not None:
            self.epoch = way.pod.epoch
        self._settle()

    def fails(self, outcome: int, at: int) -> None:
        """Its sender will know then that it is not to be opened."""
        self.outcome, self.fails_ns = outcome, at
        self._settle()

    def _settle(self) -> None:
        while self._joining:
            self._joining.popleft().fire()

    def settled(self) -> Generator[Signal, None, None]:
        """Wait until one or the other is known."""
        if self.ready_ns == self.fails_ns == NEVER:
            signal = Signal()
            self._joining.append(signal)
            yield signal

    def failed(self, request: Request, back: int, closing: Closing) -> int:
        """It is not to be opened for this request, as its sender knows ``back``: the result."""
        self.over(back, closing)
        self.fails(request.outcome, back)
        return back

    def over(self, at: int, closing: Closing) -> None:
        """The sender has the last packet of its request then: one that is not kept is closed."""
        if not self.kept:
            self.close(at, closing)

    def close(self, at: int, closing: Closing) -> None:
        """Let its conntrack entry and its port be kept for their times after that, and close the
        connection that it is joined to."""
        self.is_over = True
        model, state = self.emulation.model, int(closing)
        if self.entry:
            if self.datagram:
                state = closing_of_datagrams(self.tracked_ns, at)
            expires = at + model.kernel.timeouts[state]
            close(*self.emulation.state.conntrack, self.via, self.entry, expires, state)
        in_order = closing == Closing.TIME_WAIT and not self.datagram
        self.port.release(at, in_order, self.entry)
        if self.upstream is not None:
            self.upstream.close(at, closing)


class Upstream(NamedTuple):
    """The connection of a load balancer that is joined to one of a client's; since when."""

    connection: Connection
    listener: "Listener"
    backend: int
    since_ns: int

    def close(self, at: int, closing: Closing) -> None:
        """End it with the other."""
        emulation, connection = self.connection.emulation, self.connection
        emulation.connections.closed(connection.kept)
        emulation.connections.give_back(connection.kept, at)
        connection.close(at, closing)
        self.listener.closed(self.backend, at - self.since_ns)


def exchange(
    emulation: "Emulation",
    request: Request,
    connection: Connection,
    via: int,
    pod: Pod,
    start: int,
    legs: tuple[int, int],
) -> Generator[Moment, None, tuple[bool, int]]:
    """From the first of these journeys at ``start`` until the answer is on its way.

    Whether the Pod answered the request, and when the sender has the answer or the refusal: `NEVER`
    where there is silence.
    """
    sender = connection.sender
    draw = (emulation.model.seed, request.request, request.attempt)
    way = (sender.vertex, via, pod.vertex, sender.local_hops, 1)
    arrival = start + emulation.travel(*way, request.request_bytes, *legs, POD_CONNECTION, *draw)
    answered = yield from pod.serve(request, connection, arrival)
    if request.forsaken_ns != ABSENT:
        return False, request.forsaken_ns
    if connection.datagram and not answered and request.outcome != Outcome.RESET:
        return False, NEVER
    size = 0
    if request.outcome == Outcome.OK:
        size = request.response_bytes = request.its.response_bytes
    back = emulation.env.now + emulation.travel(*way, size, *ANSWERED, POD_CONNECTION, *draw)
    return answered, back


def straight(
    emulation: "Emulation",
    request: Request,
    connection: Connection,
    pod: Pod,
    port: int,
    start: int,
) -> Generator[Moment, None, int]:
    """Carry a request over a new connection to a Pod's own address, translated by nobody.

    The sender's first packet leaves at ``start``; the result is the time at which the sender has
    its answer, a refusal, or no patience left.
    """
    request.pod, request.via, request.epoch = pod.number, pod.vertex, pod.epoch
    if pod.app_port == GONE:
        request.outcome = Outcome.CONNECT_TIMEOUT
        back = max(emulation.env.now, start + connection.sender.patience_ns)
        return connection.failed(request, back, Closing.SYN_SENT)
    way = (connection.sender.vertex, pod.vertex, pod.vertex, connection.sender.local_hops, 1, 0)
    draw = (POD_CONNECTION, emulation.model.seed, request.request, request.attempt)
    if port != pod.app_port:
        request.outcome = Outcome.REFUSED
        request.pod_ns = start + emulation.travel(*way, FIRST_PACKET[0], ONWARD[1], *draw)
        back = start + emulation.travel(*way, FIRST_PACKET[0], REFUSED[1], *draw)
        return connection.failed(request, back, Closing.CLOSE)
    patience = start + connection.sender.patience_ns
    if connection.tls:
        start += emulation.travel(*way, *encrypting(connection.tls), *draw)
    if connection.kept:
        ready = start + emulation.travel(*way, *SHAKEN, *draw)
        places = (ABSENT, request.service, request.endpoint)
        connection.opens(ready, Way(pod.vertex, pod, *places))
    legs = CARRIED if connection.datagram else REACH
    answered, back = yield from exchange(
        emulation, request, connection, pod.vertex, pod, start, legs
    )
    if back == NEVER:
        back = max(emulation.env.now, patience)
    connection.over(back, Closing.TIME_WAIT if answered else Closing.CLOSE)
    return back


def carry(
    emulation: "Emulation", request: Request, connection: Connection
) -> Generator[Moment | Signal, None, int]:
    """Take another request to the Pod over a connection that is open, or being opened; when the
    sender has its answer, or knows that the connection has failed."""
    yield from connection.settled()
    way, sender = connection.way, connection.sender
    if way is None:
        request.outcome = connection.outcome
        return max(emulation.env.now, connection.fails_ns)
    start = max(emulation.env.now, connection.ready_ns)
    if way.node != ABSENT:
        ends = (sender.vertex, way.via, way.via, sender.local_hops, 0, request.request_bytes)
        request.node_ns = start + emulation.travel(
            *ends, *CARRIED_VIA, POD_CONNECTION,
            emulation.model.seed, request.request, request.attempt,
        )  # fmt: skip
    request.pod, request.node, request.service = way.pod.number, way.node, way.service
    request.via, request.epoch = way.via, connection.epoch
    request.endpoint, request.masquerade_port = way.endpoint, way.masquerade_port
    _, back = yield from exchange(emulation, request, connection, way.via, way.pod, start, CARRIED)
    return back


def answered(
    emulation: "Emulation", request: Request, sender: Sender, at: int
) -> Generator[Moment, None, int]:
    """Wait until the sender has its answer, or gives up; when that is."""
    yield Moment(emulation.env, Kind.ANSWER, request.ticket, at)
    if emulation.failures is None:
        return at
    yield from emulation.failures.reach_sender(request, sender)
    return emulation.env.now
