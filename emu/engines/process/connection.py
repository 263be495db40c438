"""A TCP connection that ends at a Pod, from the handshake to the answer."""

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

from emu.engines.ending import NEVER
from emu.engines.process.moments import Moment
from emu.engines.process.pod import Pod
from emu.engines.process.port import Port
from emu.engines.process.request import Request
from emu.hops.network import (
    ANSWERED,
    DATAGRAM_REACH,
    FIRST_PACKET,
    ONWARD,
    POD_CONNECTION,
    REACH,
    REFUSED,
)
from emu.recorder.rows import Outcome

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation


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


class Connection(NamedTuple):
    """One that is opened: by whom, from which of its addresses and from which port; ``datagram``
    where it is but a datagram and its answer."""

    sender: Sender
    turn: int
    port: Port
    datagram: bool = False

    @property
    def address(self) -> int:
        """The IPv4 address that it comes from, as a number."""
        return self.sender.address + self.turn

    def over(self, at: int, in_order: bool, entry: int = 0) -> None:
        """The sender has the last packet then; ``entry`` is what a node knows of it."""
        self.port.release(at, in_order and not self.datagram, entry)


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

    Whether the Pod served the request, and when the sender has the answer or the refusal: `NEVER`
    where there is silence.
    """
    sender = connection.sender
    draw = (emulation.model.seed, request.request, request.attempt)
    way = (sender.vertex, via, pod.vertex, sender.local_hops, 1)
    arrival = start + emulation.travel(*way, request.request_bytes, *legs, POD_CONNECTION, *draw)
    served = yield from pod.serve(request, arrival)
    if connection.datagram and not served:
        return False, NEVER
    size = 0
    if served:
        size = request.response_bytes = emulation.clients[request.client].response_bytes
    back = emulation.env.now + emulation.travel(*way, size, *ANSWERED, POD_CONNECTION, *draw)
    return served, back


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
    request.pod = pod.number
    if port != pod.app_port:
        way = (connection.sender.vertex, pod.vertex, pod.vertex, connection.sender.local_hops, 1, 0)
        draw = (POD_CONNECTION, emulation.model.seed, request.request, request.attempt)
        request.outcome = Outcome.REFUSED
        request.pod_ns = start + emulation.travel(*way, FIRST_PACKET[0], ONWARD[1], *draw)
        back = start + emulation.travel(*way, FIRST_PACKET[0], REFUSED[1], *draw)
        connection.over(back, in_order=False)
        return back
    legs = DATAGRAM_REACH if connection.datagram else REACH
    served, back = yield from exchange(emulation, request, connection, pod.vertex, pod, start, legs)
    if back == NEVER:
        back = max(emulation.env.now, start + connection.sender.patience_ns)
    connection.over(back, in_order=served)
    return back
