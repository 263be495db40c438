"""The source ports of hosts that open connections."""

from typing import Final

from emu.kernel import inlined

EPHEMERAL_FIRST: Final = 32768
EPHEMERAL_COUNT: Final = 28232
"""Linux: net.ipv4.ip_local_port_range is 32768 to 60999."""


@inlined
def ephemeral(connection: int) -> int:
    """The source port of a host's connection number ``connection``: each port in turn.

    Left out: Linux starts at a hash of the destination, and steps over ports in use.
    """
    return EPHEMERAL_FIRST + connection % EPHEMERAL_COUNT
