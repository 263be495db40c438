"""What ``ipvsadm -Sn`` shows: a virtual server for each address of a Service, and its endpoints.

Where a policy asks for endpoints on the node and there is none, ipvs has those of the whole cluster
(Kubernetes issue 97081). Left out: the iptables rules and ipsets that masquerade and guard beside
it. Source: Kubernetes, pkg/proxy/ipvs (``syncProxyRules``, ``syncEndpoint``).
"""

from collections.abc import Iterator
from typing import Final

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.services import ServicePort
from emu.hops.kubeproxy.view import NodeView, is_loopback

_FLAGS: Final = {"TCP": "-t", "UDP": "-u", "SCTP": "--sctp-service"}


def text(view: NodeView) -> str:
    """The virtual servers, in the order of the Services."""
    return "".join(f"{line}\n" for port in view.services.ports for line in _service(view, port))


def _service(view: NodeView, service: ServicePort) -> Iterator[str]:
    usable = view.usable(service)
    inside = usable.local if service.internal_local else ()
    outside = usable.local if service.external_local else ()
    yield from _server(view, service, service.cluster_ip, service.port, inside or usable.cluster)
    for address in (*service.external_ips, *service.load_balancer_ips):
        yield from _server(view, service, address, service.port, outside or usable.cluster)
    for address in _node_addresses(view) if service.node_port else ():
        yield from _server(view, service, address, service.node_port, outside or usable.cluster)


def _node_addresses(view: NodeView) -> Iterator[str]:
    """Where NodePorts answer: loopback is no address of theirs."""
    asked = view.node_port_addresses
    for address in view.addresses if asked is None else asked:
        if not is_loopback(address):
            yield address


def _server(
    view: NodeView, service: ServicePort, address: str, port: int, endpoints: tuple[Endpoint, ...]
) -> Iterator[str]:
    place = f"{_FLAGS[service.protocol]} {Endpoint(address, port)}"
    persistent = f" -p {service.affinity_s}" if service.affinity_s else ""

    yield f"-A {place} -s {view.settings.scheduler}{persistent}"
    for endpoint in endpoints:
        yield f"-a {place} -r {endpoint} -m -w 1"
