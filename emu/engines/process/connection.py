"""A TCP connection that ends at a Pod, from the handshake to the answer."""

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

from emu.engines.process.moments import Moment
from emu.engines.process.pod import Pod
from emu.engines.process.request import Request
from emu.hops import network
from emu.hops.network import POD_LEGS
from emu.hops.node import Source

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation


class Sender(NamedTuple):
    """Who opens a connection: where it is, who conntrack takes it for, for how long it tries."""

    vertex: int
    local_hops: int
    number: int
    pod: int
    source: Source
    patience_ns: int


def exchange(
    emulation: "Emulation", request: Request, sender: Sender, via: int, pod: Pod, syn_ns: int
) -> Generator[Moment, None, tuple[bool, int]]:
    """From the SYN, at vertex ``via`` at ``syn_ns``, until the answer is on its way.

    Whether the Pod served the request, and when the sender has the answer or the refusal.
    """
    model = emulation.model
    draw = (model.seed, request.request, request.attempt)
    way = (sender.vertex, via, pod.vertex, sender.local_hops, 1)
    arrival = syn_ns + network.established(
        *model.network, *way, request.request_bytes, POD_LEGS, *draw
    )
    served = yield from pod.serve(request, arrival)
    size = request.response_bytes if served else 0
    back = emulation.env.now + network.response(*model.network, *way, size, POD_LEGS, *draw)
    return served, back
