"""The ports of the load balancers, with the nodes behind them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer import BACKENDS
from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import Packet
from emu.model import ListenerModel
from emu.model.numbers import Numbers
from emu.model.pools import PoolTable
from emu.model.routes import Route, Routes
from emu.model.services import RuleTable
from emu.scenario import Cluster, Listener, LoadBalancer
from emu.scenario.connections import TLS_ROUND_TRIPS
from emu.scenario.kubernetes import Node, Service, ServicePort
from emu.scenario.names import service_port


def service_behind(cluster: Cluster, listener: Listener) -> tuple[Service, ServicePort]:
    """The Service port that a listener stands before."""
    service = cluster.service(listener.service)
    assert service is not None, "the scenario was checked"
    port = service_port(service, listener.service_port)
    assert port is not None, "the scenario was checked"
    return service, port


def listeners(
    balancers: tuple[LoadBalancer, ...],
    cluster: Cluster,
    numbers: Numbers,
    rules: RuleTable,
    routes: Routes,
    pools: PoolTable,
    patience_ns: int,
) -> tuple[ListenerModel, ...]:
    """All listeners, in the order in which they are written; none tries to connect for longer than
    ``patience_ns``."""
    made = []
    for number, balancer in enumerate(balancers):
        for listener in balancer.listeners:
            service, port = service_behind(cluster, listener)
            made.append(
                ListenerModel(
                    load_balancer=number,
                    vertex=numbers.balancer_vertex(number),
                    address=int(balancer.address),
                    port=listener.port,
                    service=rules.number(rules.proxies.port(service, port)),
                    node_port=port.node_port or 0,
                    strategy=balancer.strategy,
                    backends=_backends(
                        cluster.nodes,
                        balancer.weights,
                        service,
                        port.node_port or 0,
                        (numbers.balancer_vertex(number), str(balancer.address)),
                        rules,
                        routes,
                    ),
                    connect_timeout_ns=min(balancer.connect_timeout, patience_ns),
                    tcp=balancer.mode == "tcp",
                    tls=TLS_ROUND_TRIPS[balancer.tls] if balancer.tls else 0,
                    first_pool=pools.first_of(balancer.connections, len(cluster.nodes)),
                )
            )
    return tuple(made)


def _backends(
    nodes: Sequence[Node],
    weights: Mapping[str, float],
    service: Service,
    node_port: int,
    source: tuple[int, str],
    rules: RuleTable,
    routes: Routes,
) -> NDArray[np.void]:
    """Every node, seen from the ``source``, its number and address; those of weight 0 are not
    available, and under the policy Local those without endpoints fail their health check."""
    backends = np.zeros(len(nodes), BACKENDS)
    backends["node"] = range(len(backends))
    backends["weight"] = [weights.get(node.name, 1.0) for node in nodes]
    backends["available"] = backends["weight"] > 0
    for backend, node in zip(backends, nodes, strict=True):
        rule = rules.about(node.name, Packet("TCP", source[1], node.address, node_port))
        backend["rule"] = rule
        backend["route"] = routes.number(Route(source[0], node.address, node_port))
        if service.external_traffic_policy == "Local":
            backend["available"] &= rules.decisions[rule].action == Action.DNAT
    return backends
