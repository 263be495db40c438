"""TCP as Linux opens connections: when a SYN that nobody answers is sent again, and how long."""

from emu.kernel import inlined
from emu.units import SECOND


@inlined
def resend(retry: int, linear: int) -> int:
    """When a SYN is sent for the ``retry``-th time again, after the first, in nanoseconds.

    So many ``linear`` ones a second apart, then 1, 3, 7 ... s after these. Source: ip-sysctl,
    ``tcp_syn_linear_timeouts`` (0 before Linux 6.5, then 4).
    """
    return (min(retry, linear) + (1 << max(retry - linear, 0)) - 1) * SECOND


def patience(retries: int, linear: int) -> int:
    """How long Linux tries to open a connection, in nanoseconds: ``tcp_syn_retries`` exponential
    ones behind the ``linear`` ones, and as long again as the last."""
    return resend(retries + linear + 1, linear)
