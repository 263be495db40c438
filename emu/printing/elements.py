"""Sets and maps as ``nft list`` writes them, so that what is loaded is listed without a change.

nft sorts elements: addresses by their number; a concatenation by the number that its bytes make in
the machine's own byte order, here little-endian, so that the last byte of a port counts most. Two
IPv4 addresses stand on a line, of everything else one element. Networks in a rule are merged where
they touch, sorted, and stand without braces where one is left. Source: nftables, src/mergesort.c
(``concat_expr_msort_value``), src/expression.c (``calculate_delim``), src/intervals.c
(``set_automerge``).
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, summarize_address_range
from typing import Any, Final, NamedTuple

from emu.hops.kubeproxy.services import Network

_NUMBERS: Final = {"tcp": 6, "udp": 17, "sctp": 132}
_LONGEST_COMMENT: Final = 128
_BREAK: Final = ",\n\t\t\t     "


class Key(NamedTuple):
    """What a packet is addressed to, the address left out for NodePorts."""

    address: str
    protocol: str
    port: int

    def __str__(self) -> str:
        return " . ".join(filter(None, (self.address, self.protocol, str(self.port))))

    @property
    def number(self) -> int:
        """Its place among other keys."""
        address = ip_address(self.address).packed if self.address else b""
        rest = _NUMBERS[self.protocol].to_bytes(1, "big") + self.port.to_bytes(2, "big")
        return int.from_bytes(address + rest, "little")


class Map:
    """A verdict map; of two verdicts for one key the first counts."""

    def __init__(self, key: str, comment: str) -> None:
        self._head = f"type {key} : verdict", f'comment "{comment}"'
        self._verdicts: dict[Key, str] = {}

    def add(self, key: Key, verdict: str, comment: str = "") -> None:
        """An element; nft takes no comment of more than 128 characters: it is cut."""
        note = f' comment "{comment[:_LONGEST_COMMENT]}"' if comment else ""
        self._verdicts.setdefault(key, f"{key}{note} : {verdict}")

    def lines(self) -> Iterator[str]:
        """What stands in the block."""
        yield from self._head
        texts = [self._verdicts[key] for key in sorted(self._verdicts, key=lambda k: k.number)]
        if texts:
            yield f"elements = {{ {_BREAK.join(texts)} }}"


class AddressSet:
    """A set of addresses."""

    def __init__(self, kind: str, comment: str, addresses: Iterable[str] = ()) -> None:
        self._head = f"type {kind}", f'comment "{comment}"'
        self._addresses = {ip_address(address) for address in addresses}

    def add(self, address: str) -> None:
        """An element."""
        self._addresses.add(ip_address(address))

    def lines(self) -> Iterator[str]:
        """What stands in the block."""
        yield from self._head
        texts = [str(address) for address in sorted(self._addresses, key=int)]
        if texts:
            in_line = 1 if ":" in texts[0] else 2
            rows = [texts[start : start + in_line] for start in range(0, len(texts), in_line)]
            yield f"elements = {{ {_BREAK.join(', '.join(row) for row in rows)} }}"


def ranges(networks: Iterable[Network]) -> str:
    """Networks of one family, at least one, on the right side of a match."""
    merged: list[tuple[int, int]] = []
    address: type[IPv4Address] | type[IPv6Address] = IPv4Address
    for network in sorted(networks, key=lambda its: int(its.network_address)):
        address = type(network.network_address)
        first, last = int(network.network_address), int(network.broadcast_address)
        if merged and first <= merged[-1][1] + 1:
            before = merged.pop()
            first, last = before[0], max(before[1], last)
        merged.append((first, last))
    texts = [_range(address(first), address(last)) for first, last in merged]
    return texts[0] if len(texts) == 1 else f"{{ {', '.join(texts)} }}"


def _range(first: Any, last: Any) -> str:
    """An address, else a network, else ``first-last``."""
    if first == last:
        return str(first)
    network, *more = map(str, summarize_address_range(first, last))
    return f"{first}-{last}" if more else network


def duration(seconds: int) -> str:
    """As nft writes a time: ``3h``, ``1d2m3s``."""
    parts, left = [], seconds
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        if left >= size:
            parts.append(f"{left // size}{unit}")
            left %= size
    return "".join(parts)
