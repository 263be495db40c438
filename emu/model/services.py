"""The Service ports that a run can reach, numbered, with their endpoints and their rules."""

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint, usable
from emu.hops.node import ENDPOINT, RULE, Entry, Source, TrafficPolicy, route, rule_number
from emu.scenario import Cluster
from emu.scenario.kubernetes import Service, ServicePort


class ServicePorts:
    """Numbers Service ports in the order in which they are first asked for."""

    def __init__(self) -> None:
        self.ports: list[tuple[Service, ServicePort]] = []
        self._numbers: dict[tuple[str, int, str], int] = {}

    def number(self, service: Service, port: ServicePort) -> int:
        """The number of this Service port, a new one if need be."""
        key = (service.key, port.port, port.protocol)
        if key not in self._numbers:
            self._numbers[key] = len(self.ports)
            self.ports.append((service, port))
        return self._numbers[key]

    @property
    def names(self) -> tuple[str, ...]:
        """Each as kube-proxy writes it: ``namespace/name:port``, or without a name of the port."""
        return tuple(f"{s.key}:{port.name}".removesuffix(":") for s, port in self.ports)


def endpoints_of(cluster: Cluster, service: Service, port: ServicePort) -> tuple[Endpoint, ...]:
    """The endpoints of a Service port in all its slices, each address and port once.

    Like kube-proxy, the slice's port of the same name counts, and the first address of each entry.
    """
    found: dict[tuple[str, int], Endpoint] = {}
    for slice_ in cluster.slices_of(service):
        for slice_port in slice_.ports:
            if (slice_port.name or "") != (port.name or "") or slice_port.port is None:
                continue
            for entry in slice_.endpoints:
                found.setdefault(
                    (entry.addresses[0], slice_port.port),
                    Endpoint(
                        entry.addresses[0], slice_port.port, entry.node_name,
                        entry.ready, entry.serving, entry.terminating,
                    ),
                )  # fmt: skip
    return tuple(found[key] for key in sorted(found))


def _by_node(endpoints: Iterable[Endpoint]) -> dict[str, list[Endpoint]]:
    found: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        found.setdefault(endpoint.node or "", []).append(endpoint)
    return found


class RuleTable:
    """All nodes' rules for the Service ports of a run, laid out as kernels read them.

    A set of endpoints is laid out once, however many nodes and ways in share it. ``policies`` are
    those of the Service ports.
    """

    def __init__(self, cluster: Cluster, services: Sequence[tuple[Service, ServicePort]]) -> None:
        self._pods: dict[str, list[int]] = {}
        for number, pod in enumerate(cluster.pods):
            self._pods.setdefault(pod.ip, []).append(number)
        self._endpoints: dict[tuple[str, int], int] = {}
        self._members: list[int] = []
        self.policies: list[TrafficPolicy] = []
        count = len(cluster.nodes) * len(services) * len(Entry) * len(Source)
        self.rules = np.zeros(count, RULE)
        for number, (service, port) in enumerate(services):
            self._add(cluster, number, len(services), service, port)

    def _add(
        self, cluster: Cluster, number: int, services: int, service: Service, port: ServicePort
    ) -> None:
        endpoints = endpoints_of(cluster, service, port)
        policy = TrafficPolicy(
            external_local=service.external_traffic_policy == "Local",
            internal_local=service.internal_traffic_policy == "Local",
            masquerade_all=cluster.kube_proxy.masquerade_all,
            cluster_cidr=bool(cluster.kube_proxy.cluster_cidr),
        )
        self.policies.append(policy)
        everywhere = usable(endpoints, "", local_only=False)
        on_node = _by_node(endpoints) if policy.external_local or policy.internal_local else {}
        first = self._laid_out(everywhere)
        for node, description in enumerate(cluster.nodes):
            here = usable(on_node.get(description.name, ()), description.name, local_only=True)
            first_here = self._laid_out(here)
            for entry, source in product(Entry, Source):
                rule = route(everywhere, here, entry, source, policy)
                self.rules[rule_number(services, node, number, entry, source)] = (
                    rule.verdict,
                    first if rule.endpoints is everywhere else first_here,
                    len(rule.endpoints),
                    rule.masquerade,
                )

    def _laid_out(self, endpoints: tuple[Endpoint, ...]) -> int:
        """Where in ``members`` these endpoints begin."""
        first = len(self._members)
        for endpoint in endpoints:
            place = (endpoint.address, endpoint.port)
            self._members.append(self._endpoints.setdefault(place, len(self._endpoints)))
        return first

    @property
    def members(self) -> NDArray[np.int64]:
        """The sets of endpoints, one behind the other."""
        return np.array(self._members, np.int64)

    def endpoints(self, app_ports: NDArray[np.int64]) -> NDArray[np.void]:
        """Every endpoint once, as an array of `ENDPOINT`; ``app_ports`` are those of the Pods.

        Pods in their host's network share its address: what listens at the port is meant.
        """
        rows = []
        for address, port in self._endpoints:
            here = self._pods.get(address, [-1])
            listening = (pod for pod in here if pod >= 0 and app_ports[pod] == port)
            rows.append((next(listening, here[0]), port))
        return np.array(rows, ENDPOINT)

    @property
    def endpoint_addresses(self) -> tuple[tuple[str, int], ...]:
        """Address and port of each endpoint."""
        return tuple(self._endpoints)
