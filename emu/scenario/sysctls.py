"""Settings of the hosts' kernels under the names that Linux has for them, and with its values.

Source: Linux, Documentation/networking/ip-sysctl.rst and nf_conntrack-sysctl.rst.
"""

import re
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from emu.registry import OptionsModel
from emu.scenario.fields import Whole
from emu.units import SECOND

_TCP: Final = "net.netfilter.nf_conntrack_tcp_timeout_"
_UDP: Final = "net.netfilter.nf_conntrack_udp_timeout"


class PortRange(NamedTuple):
    """The first and the last port."""

    first: int
    last: int


def _port_range(value: Any) -> PortRange:
    if isinstance(value, PortRange):
        return value
    numbers = re.findall(r"\d+", value) if isinstance(value, str) else value
    rule = 'must be two ports from 1 to 65535, the lower first, as in "32768 60999"'
    if not isinstance(numbers, list) or len(numbers) != 2:
        raise ValueError(rule)
    first, last = (int(number) for number in numbers)
    if not 1 <= first < last <= 65535:
        raise ValueError(rule)
    return PortRange(first, last)


Ports = Annotated[
    PortRange,
    BeforeValidator(_port_range),
    PlainSerializer(lambda ports: f"{ports.first} {ports.last}"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+\\s+[0-9]+$"}),
]
"""Two ports in one text, as the kernel shows them."""

Seconds = Annotated[Whole, Field(ge=1, le=10**9)]


class Sysctls(OptionsModel):
    """What is not said has Linux' own value."""

    ports: Annotated[Ports, Field(alias="net.ipv4.ip_local_port_range")] = PortRange(32768, 60999)
    """The source ports of connections."""
    tw_reuse: Annotated[Whole, Field(alias="net.ipv4.tcp_tw_reuse", ge=0, le=2)] = 2
    """1: a source port may be used again after one second in TIME_WAIT, not after 60; 0 and 2 (for
    loopback alone): it may not."""
    syn_retries: Annotated[Whole, Field(alias="net.ipv4.tcp_syn_retries", ge=1, le=6)] = 6
    """How often a SYN is sent again, each time after twice as long."""
    syn_linear_timeouts: Annotated[
        Whole, Field(alias="net.ipv4.tcp_syn_linear_timeouts", ge=0, le=20)
    ] = 0
    """How often it is sent again a second apart before that: 0 before Linux 6.5, then 4."""
    syn_sent: Annotated[Seconds, Field(alias=f"{_TCP}syn_sent")] = 120
    """Seconds that conntrack keeps a connection that was not answered."""
    time_wait: Annotated[Seconds, Field(alias=f"{_TCP}time_wait")] = 120
    """Seconds that it keeps one that ended in order."""
    close: Annotated[Seconds, Field(alias=f"{_TCP}close")] = 10
    """Seconds that it keeps one that was refused."""
    udp: Annotated[Seconds, Field(alias=_UDP)] = 30
    """Seconds that it keeps a flow of datagrams."""
    udp_stream: Annotated[Seconds, Field(alias=f"{_UDP}_stream")] = 120
    """Seconds that it keeps one that has been answered for longer than 2 s."""

    @property
    def port_count(self) -> int:
        """How many source ports there are."""
        return self.ports.last - self.ports.first + 1

    @property
    def timeouts_ns(self) -> tuple[int, ...]:
        """Conntrack's timeouts in nanoseconds, in the order of `emu.hops.conntrack.Closing`."""
        seconds = (self.time_wait, self.close, self.syn_sent, self.udp, self.udp_stream)
        return tuple(each * SECOND for each in seconds)
