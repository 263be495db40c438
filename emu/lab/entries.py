"""conntrack's entries of a node, as ``conntrack -L`` prints them."""

import re
from typing import Final, NamedTuple

from emu.lab.namespaces import Namespace

NO_ENTRY: Final = "none"
_TUPLE: Final = re.compile(r"src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)")


class Flow(NamedTuple):
    """One direction of a connection, from and to ``address:port``."""

    source: str
    destination: str

    def __str__(self) -> str:
        return f"{self.source} -> {self.destination}"


class Entries:
    """The entries that a node has now: by protocol and original tuple, that of the reply.

    The kernel gives its table bit by bit while others come and go, on any node, and under load an
    entry was seen to be left out: so it is asked again until it says nothing new.
    """

    def __init__(self, node: Namespace) -> None:
        self._replies: dict[tuple[str, Flow], Flow] = {}
        known = -1
        while len(self._replies) > known:
            known = len(self._replies)
            self._add(node.execute("conntrack", "-L"))

    def _add(self, listing: str) -> None:
        for line in listing.splitlines():
            tuples = [Flow(f"{s}:{sp}", f"{d}:{dp}") for s, d, sp, dp in _TUPLE.findall(line)]
            if len(tuples) == 2:
                self._replies[line.split()[0].upper(), tuples[0]] = tuples[1]

    def reply(self, protocol: str, original: Flow) -> str:
        """The tuple of the reply in words, or ``none``."""
        found = self._replies.get((protocol, original))
        return NO_ENTRY if found is None else str(found)
