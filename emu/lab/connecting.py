"""Real connections, and what the sockets at both ends saw of them."""

from typing import Any, Final, NamedTuple

from emu.hops.kubeproxy.view import is_loopback
from emu.lab.namespaces import Namespaces
from emu.probing.places import Destination, Source

_PATIENCE_S: Final = 0.4


class Attempt(NamedTuple):
    """A connection: its own end as ``address:port``, and what became of it, in words."""

    source: Source
    to: Destination
    own: str
    seen: str


def connect(spaces: Namespaces, source: Source, to: Destination) -> Attempt:
    """Open one connection."""
    answer = spaces[source.name].ask(do="connect", **_order(source, to))
    return Attempt(source, to, answer["own"], _seen(answer))


def count(spaces: Namespaces, source: Source, to: Destination, times: int) -> dict[str, int]:
    """Open so many connections: how many ended at each endpoint, or failed in each way."""
    return spaces[source.name].ask(do="count", times=times, **_order(source, to))


def reached(endpoint: str, masqueraded: bool) -> str:
    """What is seen of a connection that was answered."""
    return f"{endpoint} masqueraded" if masqueraded else endpoint


def _order(source: Source, to: Destination) -> dict[str, Any]:
    own = "127.0.0.1" if is_loopback(to.address) else source.address
    return {"protocol": to.protocol, "source": own, "destination": to.address, "port": to.port,
            "timeout": _PATIENCE_S}  # fmt: skip


def _seen(answer: dict[str, Any]) -> str:
    """Masquerading is told by the port as well: it is drawn anew, also for the node itself."""
    if "failed" in answer:
        return str(answer["failed"])
    return reached(answer["endpoint"], answer["peer"] != answer["own"])
