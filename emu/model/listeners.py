"""The ports of the load balancers, with the nodes behind them."""

import numpy as np
from numpy.typing import NDArray

from emu.hops.balancer import BACKENDS
from emu.hops.node import Entry, Source, Verdict, rule_number
from emu.model import ListenerModel
from emu.model.numbers import Numbers
from emu.model.services import ServicePorts
from emu.scenario import Cluster, Listener, LoadBalancer, Service
from emu.scenario.kubernetes import ServicePort
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
    services: ServicePorts,
    rules: NDArray[np.void],
) -> tuple[ListenerModel, ...]:
    """All listeners, in the order in which they are written."""
    made = []
    for number, balancer in enumerate(balancers):
        for listener in balancer.listeners:
            service, port = service_behind(cluster, listener)
            behind = services.number(service, port)
            made.append(
                ListenerModel(
                    load_balancer=number,
                    vertex=numbers.balancer_vertex(number),
                    port=listener.port,
                    service=behind,
                    node_port=port.node_port or 0,
                    strategy=balancer.strategy,
                    backends=_backends(cluster, service, behind, len(services.ports), rules),
                    connect_timeout_ns=balancer.connect_timeout,
                )
            )
    return tuple(made)


def _backends(
    cluster: Cluster, service: Service, number: int, services: int, rules: NDArray[np.void]
) -> NDArray[np.void]:
    """Every node; under the policy Local those without endpoints fail their health check."""
    backends = np.zeros(len(cluster.nodes), BACKENDS)
    backends["node"], backends["weight"], backends["available"] = range(len(backends)), 1.0, 1
    if service.external_traffic_policy == "Local":
        for node in range(len(backends)):
            rule = rule_number(services, node, number, Entry.NODE_PORT, Source.OUTSIDE)
            backends["available"][node] = rules["verdict"][rule] == Verdict.DNAT
    return backends
