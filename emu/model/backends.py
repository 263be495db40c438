"""What a port of a load balancer balances over, as it sees it at first: nodes, or Pods.

Pods are the endpoints of the Service's slices. The ready ones are available; those that terminate
never are, where kube-proxy would fall back on them. Source: what becomes a target in ingress-nginx
(internal/ingress/controller/endpointslices.go) and the AWS Load Balancer Controller
(pkg/backend/endpoint_resolver.go), leaving out Pods that wait for its readiness gate.
"""

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
    """Makes arrays of `BACKENDS`; the Pods, an array of `emu.hops.pod.POD`, are the cluster's."""

    def __init__(
        self, cluster: Cluster, pods: NDArray[np.void], rules: RuleTable, routes: Routes
    ) -> None:
        self._cluster, self._pods = cluster, pods
        self._rules, self._routes = rules, routes

    def nodes(
        self, balancer: LoadBalancer, origin: Origin, service: Service, node_port: int
    ) -> NDArray[np.void]:
        """Every node; those of weight 0 are not available, and under the policy Local those
        without endpoints fail their health check."""
        backends = _blank(len(self._cluster.nodes))
        backends["node"] = range(len(backends))
        for backend, node in zip(backends, self._cluster.nodes, strict=True):
            packet = Packet("TCP", origin.address, node.address, node_port)
            backend["rule"] = self._rules.about(node.name, packet)
            backend["route"] = self._routes.number(Route(origin.vertex, node.address, node_port))
            backend["weight"] = balancer.weights.get(node.name, 1.0)
        bar_from_start(backends, backends["weight"] == 0, Bar.WEIGHTLESS)
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
        backends = _blank(len(endpoints))
        for backend, its in zip(backends, endpoints, strict=True):
            backend["endpoint"] = self._rules.endpoint(its)
            backend["route"] = self._routes.number(Route(origin.vertex, its.address, its.port))
            backend["weight"] = weights.get(self._pod_name(its), 1.0)
        bar_from_start(backends, backends["weight"] == 0, Bar.WEIGHTLESS)
        unready = np.array([not its.ready for its in endpoints], bool)
        bar_from_start(backends, unready, Bar.NO_ENDPOINT)
        return backends

    def names(self, balancer: LoadBalancer, service: ServicePort) -> tuple[str, ...]:
        """The names of the backends: of nodes, or of the Pods that the endpoints are."""
        if balancer.target == "node":
            return tuple(node.name for node in self._cluster.nodes)
        return tuple(self._pod_name(its) for its in service.endpoints.everywhere)

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
