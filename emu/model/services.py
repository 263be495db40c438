"""The Service ports that a run can reach, numbered, and the nodes' rules about its packets."""

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.services import ServicePort
from emu.hops.kubeproxy.traffic import Action, Decision
from emu.hops.kubeproxy.view import Packet
from emu.hops.node import ENDPOINT, RULE
from emu.model.proxies import Proxies
from emu.scenario import Cluster


class RuleTable:
    """What nodes decide about the packets of a run, laid out as kernels read it.

    A set of endpoints is laid out once, however many nodes and ways in share it.
    """

    def __init__(self, cluster: Cluster, proxies: Proxies) -> None:
        self.proxies = proxies
        self.decisions: list[Decision] = []
        self._pods: dict[str, list[int]] = {}
        for number, pod in enumerate(cluster.pods):
            self._pods.setdefault(pod.ip, []).append(number)
        self._senders = {node.name: set(node.addresses) for node in cluster.nodes}
        for pod in cluster.pods:
            self._senders.setdefault(pod.node_name, set()).add(pod.ip)
        self._services: dict[ServicePort, int] = {}
        self._rules: list[tuple[int, int, int, bool]] = []
        self._numbers: dict[tuple[str, Packet], int] = {}
        self._places: dict[tuple[str, int, bool], int] = {}
        self._first: dict[int, int] = {}
        self._members: list[int] = []

    def about(self, node: str, packet: Packet) -> int:
        """The number of what this node decides about such a packet.

        One that no rule is about stands as refused: nothing else listens on a node.
        """
        key = node, packet
        if key not in self._numbers:
            self._numbers[key] = len(self._rules)
            decision = self.proxies.decide(node, packet)
            self.decisions.append(decision)
            verdict = Action.REJECT if decision.action == Action.NONE else decision.action
            lost = decision.lost(packet.source, self._is_here(packet.source, node), node)
            first = self._laid_out(decision.endpoints, lost)
            count = len(decision.endpoints)
            self._rules.append((int(verdict), first, count, decision.masquerade))
        return self._numbers[key]

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
        for service in self._services:
            usable = view.usable(service)
            if not service.uses_cluster:
                found += len(usable.local)
            else:
                found += len(usable.reachable if service.uses_local else usable.cluster)
        return found

    def _is_here(self, address: str, node: str) -> bool:
        """Whether a sender is the node itself or a Pod on it."""
        return address in self._senders[node]

    def _laid_out(self, endpoints: tuple[Endpoint, ...], lost: tuple[Endpoint, ...]) -> int:
        """Where in ``members`` these endpoints begin; the decisions keep their sets alive.

        Those whose answers are ``lost`` stand there as if no Pod had their address.
        """
        first = None if lost else self._first.get(id(endpoints))
        if first is None:
            first = len(self._members)
            for endpoint in endpoints:
                place = (endpoint.address, endpoint.port, endpoint in lost)
                self._members.append(self._places.setdefault(place, len(self._places)))
            if not lost:
                self._first[id(endpoints)] = first
        return first

    @property
    def rules(self) -> NDArray[np.void]:
        """The rules, as an array of `RULE`."""
        return np.array(self._rules, RULE)

    @property
    def members(self) -> NDArray[np.int64]:
        """The sets of endpoints, one behind the other."""
        return np.array(self._members, np.int64)

    def endpoints(self, app_ports: NDArray[np.int64]) -> NDArray[np.void]:
        """Every endpoint once, as an array of `ENDPOINT`; ``app_ports`` are those of the Pods.

        Pods in their host's network share its address: what listens at the port is meant.
        """
        rows = []
        for address, port, lost in self._places:
            here = [-1] if lost else self._pods.get(address, [-1])
            listening = (pod for pod in here if pod >= 0 and app_ports[pod] == port)
            rows.append((next(listening, here[0]), port))
        return np.array(rows, ENDPOINT)

    @property
    def endpoint_addresses(self) -> tuple[tuple[str, int], ...]:
        """Address and port of each endpoint."""
        return tuple((address, port) for address, port, _ in self._places)
