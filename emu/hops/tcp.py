"""TCP as Linux has it: when what nobody answers is sent again, and for how long."""

from typing import Final

from emu.kernel import inlined
from emu.units import SECOND

TIMEOUT_INIT_NS: Final = SECOND
"""When a packet of a handshake is sent again, for the first time: Linux, TCP_TIMEOUT_INIT."""
RTO_MIN_NS: Final = SECOND // 5
"""When another packet is, on ways shorter than that: Linux, TCP_RTO_MIN."""


@inlined
def resend(retry: int, linear: int) -> int:
    """When a SYN is sent for the ``retry``-th time again, after the first, in nanoseconds.

    So many ``linear`` ones a second apart, then 1, 3, 7 ... s after these. Source: ip-sysctl,
    ``tcp_syn_linear_timeouts`` (0 before Linux 6.5, then 4).
    """
    return (min(retry, linear) + (1 << max(retry - linear, 0)) - 1) * TIMEOUT_INIT_NS


def patience(retries: int, linear: int) -> int:
    """How long Linux tries to open a connection, in nanoseconds: ``tcp_syn_retries`` exponential
    ones behind the ``linear`` ones, and as long again as the last."""
    return resend(retries + linear + 1, linear)


COPIES: Final = 15
"""So often is a segment sent again that nobody answers: ``tcp_retries2``."""
_LONGEST_NS: Final = 120 * SECOND
_DOUBLINGS: Final = 10

KEEPALIVE_NS: Final = (7200 + 9 * 75) * SECOND
"""When a host finds out that the other end of a silent connection is gone: Linux,
``tcp_keepalive_time``, then ``tcp_keepalive_probes`` times ``tcp_keepalive_intvl``."""


@inlined
def again_after(copies: int) -> int:
    """How long after a segment, or its ``copies``-th copy, the next copy is sent, in nanoseconds.

    From TCP_RTO_MIN on, 200 ms, twice as long each time, at most TCP_RTO_MAX, 120 s. Source: Linux,
    include/net/tcp.h; the ways are taken for shorter than 200 ms.
    """
    return min(RTO_MIN_NS << min(copies, _DOUBLINGS), _LONGEST_NS)
