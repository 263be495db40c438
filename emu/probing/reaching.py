"""What a connection from one place to another meets, in words."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from emu.errors import Mistake, ScenarioError
from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.health import health_check
from emu.hops.kubeproxy.services import ServicePort
from emu.hops.kubeproxy.traffic import Action, Decision
from emu.hops.kubeproxy.view import Packet
from emu.model.listeners import service_behind
from emu.model.proxies import Proxies
from emu.probing.places import Destination, Source, destinations, listening, sources
from emu.scenario import Scenario
from emu.scenario.behaviours import behaviour_of

MOST_ROWS = 1_000_000

REACHED, REFUSED, DROPPED, SILENT = "reached", "refused", "dropped", "no answer"
_RESULTS = {Action.REJECT: REFUSED, Action.DROP: DROPPED, Action.NONE: REFUSED}


class Reach(NamedTuple):
    """One row: what a connection from ``source`` to ``destination`` meets, and why.

    ``endpoints`` are those that it may end at, ``masquerade`` is whether the Pod sees a node's
    address instead of the sender's.
    """

    source: str
    source_kind: str
    destination: str
    address: str
    port: int
    protocol: str
    result: str
    endpoints: tuple[str, ...]
    masquerade: bool
    reason: str

    def document(self) -> dict[str, Any]:
        """What ``emu probe --json`` prints of it."""
        return self._asdict()


class _Found(NamedTuple):
    result: str
    reason: str
    endpoints: tuple[str, ...] = ()
    masquerade: bool = False


def reachability(scenario: Scenario, proxies: Proxies) -> Iterator[Reach]:
    """Every source to every destination. Raises ScenarioError where these would be too many."""
    here, there = tuple(sources(scenario)), tuple(destinations(scenario, proxies))
    if len(here) * len(there) > MOST_ROWS:
        rule = f"has {len(here)} sources and {len(there)} destinations: give a list with --flows"
        raise ScenarioError([Mistake(scenario.name, 0, "", "", rule)])
    prober = _Prober(scenario, proxies)
    for destination, source in product(there, here):
        found = prober.probe(source, destination)
        name = f"{destination.kind} {destination.name}"
        yield Reach(
            source.name, source.kind, name, destination.address, destination.port,
            destination.protocol, found.result, found.endpoints, found.masquerade, found.reason,
        )  # fmt: skip


class _Prober:
    """Answers for one scenario."""

    def __init__(self, scenario: Scenario, proxies: Proxies) -> None:
        self._scenario, self._proxies = scenario, proxies
        cluster, spec = scenario.cluster, scenario.spec
        self._nodes = {a: node.name for node in cluster.nodes for a in node.addresses}
        self._pods = {pod.ip: pod for pod in cluster.pods if not pod.spec.host_network}
        self._listening = {
            pod.ip: behaviour_of(pod, spec.behaviours).app_port or listening(pod)
            for pod in cluster.pods
        }
        self._listeners = {
            (str(b.address), at.port): (b, at) for b in spec.load_balancers for at in b.listeners
        }
        self._balancers = {str(b.address): b.name for b in spec.load_balancers}

    def probe(self, source: Source, to: Destination) -> _Found:
        """What the connection meets: the sender's own node first, then what has the address."""
        if to.inside and not source.node:
            return _Found(SILENT, "the name of a Service is known inside the cluster alone")
        packet = Packet(to.protocol, source.address, to.address, to.port)
        ruled = self._proxies.translating(source.node, packet)
        if ruled is not None:
            node, decision = ruled
            return self._decided(decision, packet, node, here=node == source.node)
        if to.address in self._balancers and to.protocol == "TCP":
            return self._balanced(to)
        if to.address in self._nodes:
            return self._at_node(packet)
        if to.address in self._pods:
            return self._at_pod(source, to)
        return _Found(SILENT, "nobody has this address there")

    def _at_node(self, packet: Packet) -> _Found:
        """At a node of whose rules none is about it: its kube-proxy answers, or nobody."""
        node = self._nodes[packet.destination]
        family = 6 if ":" in packet.destination else 4
        answer = health_check(self._proxies.view(node, family), packet)
        if answer:
            return _Found(REACHED, answer)
        reason = self._proxies.decide(node, packet).reason
        return _Found(REFUSED, f"{reason}: nothing listens at port {packet.port}")

    def _at_pod(self, source: Source, to: Destination) -> _Found:
        if not source.node:
            return _Found(SILENT, "addresses of Pods are not routed outside the cluster")
        if self._listening[to.address] != to.port:
            return _Found(REFUSED, f"listens on {self._listening[to.address]}")
        return _Found(REACHED, "straight to the Pod", (f"{to.address}:{to.port}",))

    def _decided(self, decision: Decision, packet: Packet, node: str, here: bool) -> _Found:
        if decision.action != Action.DNAT:
            return _Found(_RESULTS[decision.action], decision.reason)
        masquerade = decision.mostly_masquerades(packet.source, node)
        lost = decision.lost(packet.source, here, node)
        if lost and len(lost) == len(decision.endpoints):
            return _Found(SILENT, f"{decision.reason}; the answer does not come back by {node}")
        deaf = self._deaf(decision.endpoints)
        result = REFUSED if len(deaf) == len(decision.endpoints) else REACHED
        reason = "; ".join((decision.why(packet.source, node), *deaf[:2]))
        return _Found(result, reason, tuple(map(str, decision.endpoints)), masquerade)

    def _deaf(self, endpoints: Sequence[Endpoint]) -> list[str]:
        """The endpoints at whose port no process listens."""
        return [
            f"{e.address} listens on {self._listening[e.address]}, not {e.port}"
            for e in endpoints
            if self._listening.get(e.address, e.port) != e.port
        ]

    def _balanced(self, to: Destination) -> _Found:
        """Through a load balancer: to what it would find healthy of its backends."""
        found = self._listeners.get((to.address, to.port))
        if found is None:
            return _Found(REFUSED, f"the load balancer does not listen at port {to.port}")
        balancer, listener = found
        service, port = service_behind(self._scenario.cluster, listener)
        if balancer.target == "pod":
            return self._by_pods(self._proxies.port(service, port))
        return self._by_nodes(to, port.node_port or 0)

    def _by_pods(self, service: ServicePort) -> _Found:
        """Straight to any of the ready endpoints."""
        ready = [endpoint for endpoint in service.endpoints.everywhere if endpoint.ready]
        if not ready:
            return _Found(REFUSED, f"{service.name} has no ready endpoint: 502 Bad Gateway")
        deaf = self._deaf(ready)
        result = REFUSED if len(deaf) == len(ready) else REACHED
        reason = "; ".join(("balanced straight to Pods", *deaf[:2]))
        return _Found(result, reason, tuple(map(str, ready)))

    def _by_nodes(self, to: Destination, node_port: int) -> _Found:
        """By any of the nodes."""
        found = [
            self._decided(self._proxies.decide(node.name, packet), packet, node.name, here=False)
            for node in self._scenario.cluster.nodes
            for packet in [Packet("TCP", to.address, node.address, node_port)]
        ]
        usable = [its for its in found if its.result == REACHED]
        if not usable:
            return found[0] if found else _Found(REFUSED, "there is no node")
        endpoints = sorted({endpoint for its in usable for endpoint in its.endpoints})
        share = "" if len(usable) == len(found) else f", on {len(usable)} of {len(found)} nodes"
        reason = f"balanced; {usable[0].reason}{share}"
        return _Found(REACHED, reason, tuple(endpoints), any(its.masquerade for its in usable))
