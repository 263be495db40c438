"""Tables of iptables as ``iptables-save`` writes them, and ``iptables-restore`` reads them."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from emu.hops.kubeproxy.services import Network

BUILT_IN = {"nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
            "filter": ("INPUT", "FORWARD", "OUTPUT")}  # fmt: skip
_EVERYTHING: Final = ("0.0.0.0/0", "::/0")


class Table:
    """One table: chains, and the rules of each in the order in which they were added."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._chains: dict[str, list[str]] = {chain: [] for chain in BUILT_IN[name]}

    def chain(self, name: str) -> None:
        """Let there be a chain, maybe without rules."""
        self._chains.setdefault(name, [])

    def add(self, chain: str, *words: str) -> None:
        """Append a rule; empty words are left out."""
        self.chain(chain)
        self._chains[chain].append(" ".join(("-A", chain, *filter(None, words))))

    def lines(self) -> Iterator[str]:
        """The table as text."""
        yield f"*{self.name}"
        for chain in self._chains:
            yield f":{chain} {'ACCEPT' if chain in BUILT_IN[self.name] else '-'} [0:0]"
        for rules in self._chains.values():
            yield from rules
        yield "COMMIT"


def comment(text: str) -> str:
    """A comment match; without quotes where it is one word, as iptables-save has it."""
    return f"-m comment --comment {text}" if _is_word(text) else f'-m comment --comment "{text}"'


def _is_word(text: str) -> bool:
    return all(c.isalnum() or c in "-_" for c in text)


def host(flag: str, address: str) -> str:
    """A source or destination that is one address."""
    return f"{flag} {ip_network(address)}"


def source(network: Network) -> str:
    """A source in a network; no match at all where every address is in it, as iptables-save."""
    text = str(network)
    return "" if text in _EVERYTHING else f"-s {text}"


def source_outside(network: Network) -> str | None:
    """A source that is not in a network; None where there is none: iptables takes no such rule."""
    return None if str(network) in _EVERYTHING else f"! -s {network}"


def probability(share: float) -> str:
    """A statistic match: the kernel keeps a whole number of 2^-31 of what is written.

    kube-proxy writes ten digits, iptables-save eleven. Source: iptables, libxt_statistic.c.
    """
    kept = round(float(f"{share:.10f}") * 2**31)
    return f"-m statistic --mode random --probability {kept / 2**31:.11f}"
