"""The Service ports that a run can reach, numbered, and the nodes' rules about its packets."""

from collections.abc import Iterator, Mapping
from copy import copy
from itertools import islice
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint, Endpoints
from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.services import ServicePort
from emu.hops.kubeproxy.traffic import Action, Decision
from emu.hops.kubeproxy.view import Packet
from emu.hops.node import ENDPOINT, RULE, Masquerade
from emu.model.proxies import Proxies
from emu.model.servers import VirtualServers
from emu.scenario import Cluster

_Row: TypeAlias = tuple[int, int, int, int, int, int, int, int, int]
"""The fields of `RULE`."""
_EndpointRow: TypeAlias = tuple[int, int, int, bool]
"""The fields of `ENDPOINT`."""


class RuleTable:
    """What nodes decide about the packets of a run, laid out as kernels read it.

    A set of endpoints is laid out once, however many nodes and ways in share it.
    """

    def __init__(self, cluster: Cluster, proxies: Proxies, rule_cost_ns: int = 0) -> None:
        self.proxies = proxies
        self._servers = VirtualServers(proxies, rule_cost_ns)
        self._groups: dict[tuple[str, ServicePort, tuple[str, int] | None], int] = {}
        self.decisions: list[Decision] = []
        self._pods: dict[str, list[int]] = {}
        for number, pod in enumerate(cluster.pods):
            self._pods.setdefault(pod.ip, []).append(number)
        self._senders = {node.name: set(node.addresses) for node in cluster.nodes}
        for pod in cluster.pods:
            self._senders.setdefault(pod.node_name, set()).add(pod.ip)
        self._services: dict[ServicePort, int] = {}
        self._rules: list[_Row] = []
        self._numbers: dict[str, dict[Packet, int]] = {}
        self._places: dict[_Place, int] = {}
        self._at: dict[str, list[_Place]] = {}
        self._nodes = {node.name: number for number, node in enumerate(cluster.nodes)}
        self._first: dict[int, tuple[tuple[Endpoint, ...], int]] = {}
        self._members: list[int] = []

    def about(self, node: str, packet: Packet) -> int:
        """The number of what this node decides about such a packet.

        One that no rule is about stands as refused: nothing else listens on a node.
        """
        known = self._numbers.setdefault(node, {})
        if packet not in known:
            known[packet] = len(self._rules)
            decision = self.proxies.decide(node, packet)
            self.decisions.append(decision)
            self._rules.append(self._row(node, packet, decision))
        return known[packet]

    def for_a_run(self) -> "RuleTable":
        """The same rules, to be changed while one run goes on."""
        made = copy(self)
        made.proxies = self.proxies.for_a_run()
        made._servers = self._servers.for_a_run(made.proxies)
        for name in ("_groups", "_services", "_places", "_first"):
            setattr(made, name, dict(getattr(self, name)))
        made.decisions, made._rules = list(self.decisions), list(self._rules)
        made._members = list(self._members)
        made._pods = {address: list(numbers) for address, numbers in self._pods.items()}
        made._at = {address: list(places) for address, places in self._at.items()}
        made._senders = {node: set(addresses) for node, addresses in self._senders.items()}
        return made

    def resync(self, node: str, endpoints: Mapping[ServicePort, Endpoints]) -> list[int]:
        """Let a node's rules be about these endpoints; the numbers of those that are others now."""
        self.proxies.show(node, endpoints)
        others = []
        for packet, number in self._numbers.get(node, {}).items():
            decision = self.proxies.decide(node, packet)
            if decision != self.decisions[number]:
                self._servers.forget(node, packet)
                self.decisions[number] = decision
                self._rules[number] = self._row(node, packet, decision)
                others.append(number)
        return others

    @property
    def member_count(self) -> int:
        """How long ``members`` is."""
        return len(self._members)

    @property
    def server_size(self) -> int:
        """How long ``servers`` is."""
        return self._servers.size

    def row(self, number: int) -> _Row:
        """The rule with this number, as a `RULE`."""
        return self._rules[number]

    def came(self, pod: int, address: str, node: str) -> None:
        """A Pod with this number has an address now."""
        self._pods.setdefault(address, []).insert(0, pod)
        self._senders[node].add(address)

    def went(self, pod: int, address: str, node: str) -> None:
        """It has it no longer."""
        self._pods[address].remove(pod)
        if not self._pods[address]:
            del self._pods[address]
            self._senders[node].discard(address)

    def _row(self, node: str, packet: Packet, decision: Decision) -> _Row:
        """A decision as a `RULE`."""
        verdict = Action.REJECT if decision.action == Action.NONE else decision.action
        lost = decision.lost(packet.source, self._is_here(packet.source, node), node)
        first = self._laid_out(decision.endpoints, lost, packet.protocol)
        count, masquerade = len(decision.endpoints), _masquerade(decision)
        server = self._servers.of(node, packet, decision)
        group, kept_s = self._kept(node, packet, decision)
        cost = self._servers.cost(node, packet)
        return int(verdict), masquerade, first, count, *server, cost, group, kept_s

    @property
    def servers(self) -> NDArray[np.int64]:
        """The states of the virtual servers at first, and their tables."""
        return self._servers.memory

    @property
    def loads(self) -> int:
        """Where in a state connections are counted, or -1."""
        return self._servers.loads

    def _kept(self, node: str, packet: Packet, decision: Decision) -> tuple[int, int]:
        """Which rules share what clients keep, and for how many seconds they keep it."""
        if decision.front is None or not decision.front.service.affinity_s:
            return 0, 0
        service, entry = decision.front.service, None
        if getattr(MODES[self.proxies.mode], "KEPT_BY_ADDRESS", False):
            entry = packet.destination, packet.port
        group = self._groups.setdefault((node, service, entry), len(self._groups))
        return group, service.affinity_s

    def service(self, rule: int) -> int:
        """The number of the Service port that a decision is about; -1 where it is about none."""
        front = self.decisions[rule].front
        return -1 if front is None else self.number(front.service)

    def number(self, service: ServicePort) -> int:
        """The number of a Service port, a new one if need be."""
        return self._services.setdefault(service, len(self._services))

    @property
    def services(self) -> tuple[ServicePort, ...]:
        """The Service ports, by their numbers."""
        return tuple(self._services)

    def reachable_from(self, node: str) -> int:
        """How many endpoints of these Service ports the node has rules for."""
        view = self.proxies.view(node)
        found = 0
        for service in self._services.keys() & view.services.ahead.keys():
            usable = view.usable(service)
            if not service.uses_cluster:
                found += len(usable.local)
            else:
                found += len(usable.reachable if service.uses_local else usable.cluster)
        return found

    def _is_here(self, address: str, node: str) -> bool:
        """Whether a sender is the node itself or a Pod on it."""
        return address in self._senders[node]

    def _laid_out(
        self, endpoints: tuple[Endpoint, ...], lost: tuple[Endpoint, ...], protocol: str
    ) -> int:
        """Where in ``members`` these endpoints begin. Sets are known by identity, and kept alive.

        Those whose answers are ``lost`` stand there as if no Pod had their address.
        """
        if not lost and id(endpoints) in self._first:
            return self._first[id(endpoints)][1]
        first = len(self._members)
        for endpoint in endpoints:
            self._members.append(self.endpoint(endpoint, protocol, endpoint in lost))
        if not lost:
            self._first[id(endpoints)] = endpoints, first
        return first

    @property
    def rules(self) -> NDArray[np.void]:
        """The rules, as an array of `RULE`."""
        return np.array(self._rules, RULE)

    @property
    def members(self) -> NDArray[np.int64]:
        """The sets of endpoints, one behind the other."""
        return np.array(self._members, np.int64)

    def endpoints(self, pods: NDArray[np.void]) -> NDArray[np.void]:
        """Every endpoint once, as an array of `ENDPOINT`; ``pods`` is one of `emu.hops.pod.POD`."""
        return np.array([self._endpoint_row(place, pods) for place in self._places], ENDPOINT)

    @property
    def endpoint_count(self) -> int:
        """How many endpoints there are."""
        return len(self._places)

    def endpoints_at(
        self, address: str, pods: NDArray[np.void]
    ) -> Iterator[tuple[int, _EndpointRow]]:
        """The endpoints with this address: the number of each, and itself as an `ENDPOINT`."""
        for place in self._at.get(address, ()):
            yield self._places[place], self._endpoint_row(place, pods)

    def endpoints_from(
        self, first: int, pods: NDArray[np.void]
    ) -> Iterator[tuple[str, int, _EndpointRow]]:
        """Those from this number on: address and port of each, and itself as an `ENDPOINT`."""
        for place in islice(self._places, first, None):
            yield place.address, place.port, self._endpoint_row(place, pods)

    def _endpoint_row(self, place: "_Place", pods: NDArray[np.void]) -> _EndpointRow:
        pod = -1 if place.lost else self.pod_at(place.address, place.port, pods)
        return pod, place.port, self._nodes.get(place.node, -1), place.host

    def endpoint(self, endpoint: Endpoint, protocol: str = "TCP", lost: bool = False) -> int:
        """The number of an endpoint, a new one if need be; ``lost`` where its answers are."""
        place = _Place(
            endpoint.address, endpoint.port, endpoint.node, endpoint.host, protocol, lost
        )
        if place not in self._places:
            self._places[place] = len(self._places)
            self._at.setdefault(place.address, []).append(place)
        return self._places[place]

    def pod_at(self, address: str, port: int, pods: NDArray[np.void]) -> int:
        """The Pod with this address, -1 where none has it.

        Pods in their host's network share its address: what listens at the port is meant.
        """
        here = self._pods.get(address, [-1])
        return next((pod for pod in here if pod >= 0 and pods["app_port"][pod] == port), here[0])

    @property
    def endpoint_addresses(self) -> tuple[tuple[str, int], ...]:
        """Address and port of each endpoint."""
        return tuple((place.address, place.port) for place in self._places)


class _Place(NamedTuple):
    """An endpoint that conntrack tells from others; ``lost`` where its answers are."""

    address: str
    port: int
    node: str
    host: bool
    protocol: str
    lost: bool


def _masquerade(decision: Decision) -> int:
    if decision.spares_local:
        return int(Masquerade.TO_OTHER_NODES if decision.masquerade else Masquerade.NEVER)
    return int(Masquerade.ALWAYS if decision.masquerade else Masquerade.HAIRPINS)
