"""A TCP connection that ends at a Pod, from the handshake to the answer."""

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

from emu.engines.process.moments import Moment
from emu.engines.process.pod import Pod
from emu.engines.process.request import Request
from emu.hops.network import ANSWERED, ESTABLISHED, POD_CONNECTION

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation


class Sender(NamedTuple):
    """Who opens a connection: where it is, who conntrack takes it for, for how long it tries."""

    vertex: int
    local_hops: int
    number: int
    pod: int
    patience_ns: int


def exchange(
    emulation: "Emulation", request: Request, sender: Sender, via: int, pod: Pod, syn_ns: int
) -> Generator[Moment, None, tuple[bool, int]]:
    """From the SYN, at vertex ``via`` at ``syn_ns``, until the answer is on its way.

    Whether the Pod served the request, and when the sender has the answer or the refusal.
    """
    draw = (emulation.model.seed, request.request, request.attempt)
    way = (sender.vertex, via, pod.vertex, sender.local_hops, 1)
    arrival = syn_ns + emulation.travel(
        *way, request.request_bytes, *ESTABLISHED, POD_CONNECTION, *draw
    )
    served = yield from pod.serve(request, arrival)
    size = 0
    if served:
        size = request.response_bytes = emulation.clients[request.client].response_bytes
    back = emulation.env.now + emulation.travel(*way, size, *ANSWERED, POD_CONNECTION, *draw)
    return served, back
