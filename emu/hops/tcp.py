"""TCP as Linux opens connections: when a SYN that nobody answers is sent again, and how long."""

from typing import Final

from emu.kernel import inlined
from emu.units import SECOND

PATIENCE_NS: Final = 127 * SECOND
"""How long Linux tries to open a connection: net.ipv4.tcp_syn_retries is 6."""


@inlined
def resend(retry: int) -> int:
    """When a SYN is sent for the ``retry``-th time again, after the first: 1, 3, 7 ... s."""
    return ((1 << retry) - 1) * SECOND
