"""What a connection should meet, as the emulator has it: at its sockets, and in conntrack."""

from typing import Final, NamedTuple

from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import Packet
from emu.lab.connecting import Attempt, reached
from emu.lab.entries import NO_ENTRY, Flow
from emu.model.proxies import Proxies

_NO_ANSWER: Final = "no answer"
_WORDS: Final = {Action.REJECT: "refused", Action.DROP: "silence"}


class Expected(NamedTuple):
    """What sockets may see, each with the replies that conntrack may then wait for at ``node``.

    The node is the one that decides. Where none does it is empty: there is no answer, and nothing
    is known of entries. The port ``*`` is any.
    """

    node: str
    replies: dict[str, list[str]]

    def allows(self, seen: str) -> bool:
        """Whether sockets may see this."""
        return seen in self.replies if self.node else ":" not in seen

    def allows_entry(self, seen: str, reply: str) -> bool:
        """Whether conntrack may have this, where the sockets saw that."""
        any_port = f"{reply.rpartition(':')[0]}:*"
        return any(it in (reply, any_port) for it in self.replies.get(seen, ()))


def expected(proxies: Proxies, attempt: Attempt) -> Expected:
    """What a connection should meet."""
    source, to = attempt.source, attempt.to
    packet = Packet(to.protocol, source.address, to.address, to.port)
    ruled = proxies.translating(source.node, packet)
    if ruled is None:
        return Expected("", {_NO_ANSWER: []})
    node, decision = ruled
    if decision.action != Action.DNAT:
        reply = _untranslated(attempt) if source.name == to.name else NO_ENTRY
        return Expected(node, {_WORDS[decision.action]: [reply]})
    lost = decision.lost(source.address, node == source.node, node)
    replies: dict[str, list[str]] = {}
    for endpoint in decision.endpoints:
        masqueraded = decision.masquerades(endpoint, source.address, node)
        seen = "silence" if endpoint in lost else reached(str(endpoint), masqueraded)
        host = f"{proxies.view(node).addresses[0]}:*" if masqueraded else attempt.own
        replies.setdefault(seen, []).append(str(Flow(str(endpoint), host)))
    return Expected(node, replies)


def _untranslated(attempt: Attempt) -> str:
    """The reply of a connection that a node has with itself.

    It has left the node before it comes in and is refused, so conntrack knows it.
    """
    return str(Flow(f"{attempt.to.address}:{attempt.to.port}", attempt.own))
