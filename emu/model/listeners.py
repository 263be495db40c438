"""The ports of the load balancers, with what is behind them."""

from emu.model import ListenerModel, SlowStart
from emu.model.backends import Backends, Origin
from emu.model.numbers import Numbers
from emu.model.pools import PoolTable
from emu.model.services import RuleTable
from emu.scenario import Cluster, Listener, LoadBalancer
from emu.scenario.connections import TLS_ROUND_TRIPS
from emu.scenario.kubernetes import Service, ServicePort
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
    backends: Backends,
    pools: PoolTable,
    patience_ns: int,
) -> tuple[ListenerModel, ...]:
    """All listeners, in the order in which they are written; none tries to connect for longer than
    ``patience_ns``."""
    made = []
    for number, balancer in enumerate(balancers):
        origin = Origin(numbers.balancer_vertex(number), str(balancer.address))
        for listener in balancer.listeners:
            service, port = service_behind(cluster, listener)
            known = rules.proxies.port(service, port)
            to_pods = balancer.target == "pod"
            node_port = 0 if to_pods else port.node_port or 0
            number_of_service = rules.number(known)
            behind = (
                backends.pods(balancer, origin, known)
                if to_pods
                else backends.nodes(balancer, origin, service, node_port)
            )
            made.append(
                ListenerModel(
                    load_balancer=number,
                    vertex=origin.vertex,
                    address=int(balancer.address),
                    port=listener.port,
                    service=number_of_service,
                    node_port=node_port,
                    strategy=balancer.strategy,
                    backends=behind,
                    names=backends.names(balancer, known),
                    since=backends.since(balancer, known),
                    slow_start=_slow_start(balancer),
                    connect_timeout_ns=min(balancer.connect_timeout, patience_ns),
                    response_timeout_ns=balancer.response_timeout,
                    tcp=balancer.mode == "tcp",
                    tls=TLS_ROUND_TRIPS[balancer.tls] if balancer.tls else 0,
                    first_pool=pools.first_of(balancer.connections, len(behind)),
                )
            )
    return tuple(made)


def _slow_start(balancer: LoadBalancer) -> SlowStart | None:
    its = balancer.slow_start
    return None if its is None else SlowStart(its.window, its.aggression, its.min_weight)
