"""A list of flows, and what the rules make of each: for a user's own continuous integration."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from emu.errors import Mistake, ScenarioError, UnknownNameError
from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import Packet
from emu.model.proxies import Proxies
from emu.registry import OptionsModel
from emu.scenario.fields import AddressText, Port
from emu.scenario.items import read_items
from emu.scenario.kubernetes.objects import Protocol

ActionName: TypeAlias = Literal["DNAT", "REJECT", "DROP", "NONE"]


class Expectation(OptionsModel):
    """What a flow should meet; what is left out may be anything."""

    action: ActionName | None = None
    """What becomes of the packet."""
    endpoints: tuple[str, ...] | None = None
    """The endpoints that it may go to, each ``address:port``, in any order."""
    masquerade: bool | None = None
    """Whether its source becomes the node's."""
    hairpin: tuple[str, ...] | None = None
    """Those of the endpoints that are the sender itself, and masqueraded for that."""


class Flow(OptionsModel):
    """The first packet of a connection at a node that it comes to or starts from."""

    name: str
    """Names it in the answers."""
    node: str
    """The node whose rules are asked."""
    protocol: Protocol = "TCP"
    """Its protocol."""
    source: AddressText
    """The address that it comes from."""
    destination: AddressText
    """The address that it goes to."""
    port: Port
    """The port that it goes to."""
    expect: Expectation | None = None
    """What it should meet."""


class Answer(NamedTuple):
    """What the node's rules make of a flow.

    ``masquerade`` is whether its source becomes the node's, whichever of the ``endpoints`` is
    chosen; ``hairpin`` names those for which it does because they are the source itself.
    ``differs`` says what is not as expected; it is empty where all is.
    """

    name: str
    action: ActionName
    endpoints: tuple[str, ...]
    masquerade: bool
    hairpin: tuple[str, ...]
    reason: str
    differs: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """What ``emu probe --flows --json`` prints of it."""
        found = self._asdict()
        return {key: value for key, value in found.items() if key != "differs" or value}


def read_flows(source: Path) -> tuple[Flow, ...]:
    """The flows of a YAML or JSON file that holds a list. Raises ScenarioError."""
    mistakes: list[Mistake] = []
    flows = read_items(source, Flow, mistakes)
    if mistakes:
        raise ScenarioError(mistakes)
    return flows


def answers(proxies: Proxies, flows: Iterable[Flow]) -> Iterator[Answer]:
    """What each flow meets, in their order. Raises UnknownNameError for a node that is none."""
    known = [node.name for node in proxies.cluster.nodes]
    names = set(known)
    for flow in flows:
        if flow.node not in names:
            raise UnknownNameError(f"node of flow {flow.name!r}", flow.node, known)
        yield _answer(proxies, flow)


def _answer(proxies: Proxies, flow: Flow) -> Answer:
    packet = Packet(flow.protocol, flow.source, flow.destination, flow.port)
    found = proxies.decide(flow.node, packet)
    masquerades = [e for e in found.endpoints if found.masquerades(e, flow.source, flow.node)]
    hairpin = () if found.masquerade else masquerades
    action: ActionName = Action(found.action).name  # type: ignore[assignment]
    answer = Answer(
        flow.name, action, tuple(map(str, found.endpoints)),
        found.mostly_masquerades(flow.source, flow.node),
        tuple(map(str, hairpin)), found.why(flow.source, flow.node),
    )  # fmt: skip
    return answer._replace(differs=tuple(_differences(answer, flow.expect or Expectation())))


def _differences(answer: Answer, expected: Expectation) -> Iterator[str]:
    if expected.action not in (None, answer.action):
        yield f"action {expected.action} was expected"
    for what in ("endpoints", "hairpin"):
        named, found = getattr(expected, what), getattr(answer, what)
        if named is not None and set(named) != set(found):
            yield f"{what} {', '.join(sorted(named)) or 'none'} were expected"
    if expected.masquerade not in (None, answer.masquerade):
        yield f"masquerade {str(expected.masquerade).lower()} was expected"
