"""What a port of a load balancer balances over, as it sees it at first: nodes, or Pods.

Pods are the endpoints of the Service's slices. The ready ones are available; those that terminate
never are, where kube-proxy would fall back on them. Source: what becomes a target in ingress-nginx
(internal/ingress/controller/endpointslices.go) and the AWS Load Balancer Controller
(pkg/backend/endpoint_resolver.go), leaving out Pods that wait for its readiness gate.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer import BACKENDS
from emu.hops.balancer.barring import Bar, bar_from_start
from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.services import ServicePort
from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import Packet
from emu.model.routes import Route, Routes
from emu.model.services import RuleTable
from emu.scenario import Cluster, LoadBalancer
from emu.scenario.cluster import qualified
from emu.scenario.kubernetes import Service

_NONE = -1


class Origin(NamedTuple):
    """A load balancer as its backends see it: its vertex and address."""

    vertex: int
    address: str


class Backends:
    """Makes arrays of `BACKENDS`; the Pods, an array of `emu.hops.pod.POD`, are the cluster's.

    Where the cluster may change, with this ``growth`` of its Deployments (else None), there are
    places for Pods to come: four for each that there may be at once, and eight more.
    """

    def __init__(
        self,
        cluster: Cluster,
        pods: NDArray[np.void],
        rules: RuleTable,
        routes: Routes,
        growth: Mapping[str, int] | None,
    ) -> None:
        self._cluster, self._pods = cluster, pods
        self._rules, self._routes, self._growth = rules, routes, growth

    def nodes(
        self, balancer: LoadBalancer, origin: Origin, service: Service, node_port: int
    ) -> NDArray[np.void]:
        """Every node; those of weight 0 are not available, and under the policy Local those
        without endpoints fail their health check, as do those that are not there yet."""
        backends = _blank(len(self._cluster.nodes))
        backends["node"] = range(len(backends))
        for backend, node in zip(backends, self._cluster.nodes, strict=True):
            packet = Packet("TCP", origin.address, node.address, node_port)
            backend["rule"] = self._rules.about(node.name, packet)
            backend["route"] = self._routes.number(Route(origin.vertex, node.address, node_port))
            backend["weight"] = balancer.weights.get(node.name, 1.0)
        bar_from_start(backends, backends["weight"] == 0, Bar.WEIGHTLESS)
        absent = [node.provisioning is not None for node in self._cluster.nodes]
        bar_from_start(backends, np.array(absent, bool), Bar.UNHEALTHY)
        if service.external_traffic_policy == "Local":
            actions = [self._rules.decisions[rule].action for rule in backends["rule"].tolist()]
            without = np.array([action != Action.DNAT for action in actions], bool)
            bar_from_start(backends, without, Bar.NO_ENDPOINT)
        return backends

    def pods(
        self, balancer: LoadBalancer, origin: Origin, service: ServicePort
    ) -> NDArray[np.void]:
        """Every endpoint; those of weight 0 and those that are not ready are not available."""
        endpoints = service.endpoints.everywhere
        weights = {qualified(name): weight for name, weight in balancer.weights.items()}
        backends = _blank(len(endpoints) + self._spare(service))
        for backend, its in zip(backends, endpoints, strict=False):
            backend["endpoint"] = self._rules.endpoint(its)
            backend["route"] = self._routes.number(Route(origin.vertex, its.address, its.port))
            backend["weight"] = weights.get(self._pod_name(its), 1.0)
        for place, backend in enumerate(backends[len(endpoints) :]):
            to = Route(origin.vertex, f"place {place} of {service.name}", service.port)
            backend["route"], backend["weight"] = self._routes.number(to), 1.0
        bar_from_start(backends, backends["weight"] == 0, Bar.WEIGHTLESS)
        unready = np.ones(len(backends), bool)
        unready[: len(endpoints)] = [not its.ready for its in endpoints]
        bar_from_start(backends, unready, Bar.NO_ENDPOINT)
        return backends

    def _spare(self, service: ServicePort) -> int:
        """How many places there are for Pods to come."""
        if self._growth is None:
            return 0
        here = len(service.endpoints.everywhere)
        return 4 * (here + self._coming(service)) + 8 - here

    def _coming(self, service: ServicePort) -> int:
        """How many more Pods than at first there may be behind a Service at once."""
        assert self._growth is not None
        key = service.name.partition(":")[0]
        its = next(its for its in self._cluster.services if its.key == key)
        return sum(
            self._growth[deployment.key]
            for deployment in self._cluster.deployments
            if its.selects(deployment.namespace, deployment.spec.template.metadata.labels)
        )

    def names(self, balancer: LoadBalancer, service: ServicePort) -> tuple[str, ...]:
        """The names of the backends: of nodes, or of the Pods that the endpoints are; empty for
        places that are free."""
        if balancer.target == "node":
            return tuple(node.name for node in self._cluster.nodes)
        names = (self._pod_name(its) for its in service.endpoints.everywhere)
        return (*names, *[""] * self._spare(service))

    def since(self, balancer: LoadBalancer, service: ServicePort) -> NDArray[np.int64]:
        """From which nanosecond on each backend is available, if ever."""
        times = balancer.available_from
        if balancer.target == "pod":
            times = {qualified(name): time for name, time in times.items()}
        return np.array([times.get(name, 0) for name in self.names(balancer, service)], np.int64)

    def _pod_name(self, endpoint: Endpoint) -> str:
        """The Pod that an endpoint is; nothing where no Pod has its address."""
        pod = self._rules.pod_at(endpoint.address, endpoint.port, self._pods)
        return self._cluster.pods[pod].key if pod >= 0 else ""


def _blank(count: int) -> NDArray[np.void]:
    backends = np.zeros(count, BACKENDS)
    for field in ("node", "endpoint", "rule"):
        backends[field] = _NONE
    return backends
