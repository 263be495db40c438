"""Parts of the compiled loop: what a Pod's host sends back."""

from emu.engines.compiled.connection import answered, close_entry
from emu.engines.compiled.journeys import datagram, travel
from emu.engines.compiled.layout import Fixed, Moving
from emu.hops.conntrack import Closing
from emu.hops.network import ANSWERED
from emu.kernel import part

_TIME_WAIT = int(Closing.TIME_WAIT)


@part
def reply(f: Fixed, m: Moving, slot: int, now: int, size: int, closing: int) -> tuple[int, int]:
    """The Pod's answer, its refusal, or an RST, goes back to the sender."""
    back = now + travel(
        f.net, m.rows, m.journeys, slot, m.pods[m.rows[slot]["pod"]]["node"], 1, size, ANSWERED
    )
    close_entry(f, m, slot, back, closing)
    in_order = closing == _TIME_WAIT and not datagram(f.datagrams, f.targets, m.journeys, slot)
    return answered(f, m, slot, back, f.time_wait if in_order else 0)
