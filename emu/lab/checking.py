"""Real connections along the rows of `emu probe`, compared with what it says of them."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import Packet, is_loopback
from emu.lab.cluster import build
from emu.lab.namespaces import Namespaces
from emu.lab.needs import LabError, missing
from emu.model.proxies import Proxies
from emu.probing.places import Destination, Source, destinations, sources
from emu.scenario import Scenario

_PATIENCE_S = 0.4
_MOST_CONNECTIONS = 2000
_KINDS = ("Service", "externalIP", "balancer's IP", "node")
"""Destinations that kube-proxy has rules about; a Service's name stands for its ClusterIP."""


class Verdict(NamedTuple):
    """What a connection should have met, and what the kernel made of it; empty where they agree."""

    source: str
    destination: str
    expected: str
    seen: str
    agrees: bool


def check(scenario: Scenario, mode: str = "", connections: int = 0) -> list[Verdict]:
    """Build the cluster, open one connection a row, and ``connections`` more to each Service.

    ``mode`` is a proxy mode other than the configured one. Raises LabError where it cannot be built
    here.
    """
    proxies = Proxies(scenario.cluster, mode)
    lacking = missing(proxies.mode)
    if lacking:
        raise LabError("the lab cannot run here: " + "; ".join(lacking))
    if connections > _MOST_CONNECTIONS:
        raise LabError(f"{connections} connections are more than {_MOST_CONNECTIONS}")
    flows = list(_flows(scenario, proxies))
    found: list[Verdict] = []
    with Namespaces() as spaces:
        build(spaces, scenario, proxies, next(sources(scenario)).address)
        found += [_compared(spaces, proxies, source, to) for source, to in flows]
        if connections:
            found.extend(_spread(spaces, proxies, flows, connections))
    return found


def _flows(scenario: Scenario, proxies: Proxies) -> Iterator[tuple[Source, Destination]]:
    """The rows that are about kube-proxy's rules, over IPv4 and with sockets."""
    for source in sources(scenario):
        for to in destinations(scenario, proxies):
            if to.kind in _KINDS and ":" not in to.address and to.protocol in ("TCP", "UDP"):
                yield source, to


def _packet(source: Source, to: Destination) -> Packet:
    return Packet(to.protocol, source.address, to.address, to.port)


def _compared(
    spaces: Namespaces, proxies: Proxies, source: Source, to: Destination
) -> Verdict:  # fmt: skip
    answer = _connect(spaces, source, to)
    names = source.name, f"{to.kind} {to.name} {to.address}:{to.port}/{to.protocol}"
    seen = _seen(answer)
    ruled = proxies.translating(source.node, _packet(source, to))
    if ruled is None:
        return Verdict(*names, "no answer", seen, "failed" in answer)
    node, decision = ruled
    if decision.action != Action.DNAT:
        wanted = {Action.REJECT: "refused", Action.DROP: "silence"}[decision.action]
        return Verdict(*names, wanted, seen, answer.get("failed") == wanted)
    lost = decision.lost(source.address, node == source.node, node)
    expected = {
        "silence" if e in lost else _reached(str(e), decision.masquerades(e, source.address, node))
        for e in decision.endpoints
    }
    return Verdict(*names, " or ".join(sorted(expected)), seen, seen in expected)


def _connect(spaces: Namespaces, source: Source, to: Destination) -> dict[str, Any]:
    own = "127.0.0.1" if is_loopback(to.address) else source.address
    return spaces[source.name].ask(
        do="connect", protocol=to.protocol, source=own, destination=to.address, port=to.port,
        timeout=_PATIENCE_S,
    )  # fmt: skip


def _seen(answer: dict[str, Any]) -> str:
    """Masquerading is told by the port as well: it is drawn anew, also for the node itself."""
    if "failed" in answer:
        return str(answer["failed"])
    return _reached(answer["endpoint"], answer["peer"] != answer["own"])


def _reached(endpoint: str, masqueraded: bool) -> str:
    return f"{endpoint} masqueraded" if masqueraded else endpoint


def _spread(
    spaces: Namespaces,
    proxies: Proxies,
    flows: list[tuple[Source, Destination]],
    connections: int,
) -> Iterator[Verdict]:
    """Where many connections to each Service land: each endpoint within four deviations of 1/n."""
    for source, to in flows:
        ruled = proxies.translating(source.node, _packet(source, to))
        if to.kind != "Service" or source.kind != "node" or ruled is None:
            continue
        endpoints = ruled[1].endpoints
        if ruled[1].front is None or ruled[1].front.service.affinity_s or len(endpoints) < 2:
            continue
        landed = Counter(
            str(_connect(spaces, source, to).get("endpoint")) for _ in range(connections)
        )
        mean = connections / len(endpoints)
        slack = 4 * (mean * (1 - 1 / len(endpoints))) ** 0.5
        counts = ", ".join(f"{e} {landed[str(e)]}" for e in endpoints)
        agrees = all(abs(landed[str(e)] - mean) <= slack for e in endpoints)
        expected = f"{mean:.0f} +- {slack:.0f} each"
        yield Verdict(source.name, f"{connections} to {to.name}", expected, counts, agrees)
