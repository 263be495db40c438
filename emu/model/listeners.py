"""The ports of the load balancers, with the nodes behind them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer import BACKENDS
from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import Packet
from emu.model import ListenerModel
from emu.model.numbers import Numbers
from emu.model.services import RuleTable
from emu.scenario import Cluster, Listener, LoadBalancer
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
    balancers: tuple[LoadBalancer, ...], cluster: Cluster, numbers: Numbers, rules: RuleTable
) -> tuple[ListenerModel, ...]:
    """All listeners, in the order in which they are written."""
    made = []
    for number, balancer in enumerate(balancers):
        for listener in balancer.listeners:
            service, port = service_behind(cluster, listener)
            made.append(
                ListenerModel(
                    load_balancer=number,
                    vertex=numbers.balancer_vertex(number),
                    port=listener.port,
                    service=rules.number(rules.proxies.port(service, port)),
                    node_port=port.node_port or 0,
                    strategy=balancer.strategy,
                    backends=_backends(
                        cluster.nodes, service, port.node_port or 0, str(balancer.address), rules
                    ),
                    connect_timeout_ns=balancer.connect_timeout,
                )
            )
    return tuple(made)


def _backends(
    nodes: Sequence[Node], service: Service, node_port: int, source: str, rules: RuleTable
) -> NDArray[np.void]:
    """Every node; under the policy Local those without endpoints fail their health check."""
    backends = np.zeros(len(nodes), BACKENDS)
    backends["node"], backends["weight"], backends["available"] = range(len(backends)), 1.0, 1
    for backend, node in zip(backends, nodes, strict=True):
        rule = rules.about(node.name, Packet("TCP", source, node.address, node_port))
        backend["rule"] = rule
        if service.external_traffic_policy == "Local":
            backend["available"] = rules.decisions[rule].action == Action.DNAT
    return backends
