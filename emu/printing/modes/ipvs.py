"""What ``ipvsadm -Sn`` shows: a virtual server for each address of a Service, and its endpoints.

They are those of `emu.hops.kubeproxy.modes.ipvs`. Left out: the iptables rules and ipsets that
masquerade and guard beside them. Source: Kubernetes, pkg/proxy/ipvs (``syncProxyRules``,
``syncEndpoint``); ipvsadm.
"""

from collections.abc import Iterator
from typing import Final

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.modes.ipvs import node_port_addresses, real_servers
from emu.hops.kubeproxy.services import ServicePort
from emu.hops.kubeproxy.view import NodeView

_FLAGS: Final = {"TCP": "-t", "UDP": "-u", "SCTP": "--sctp-service"}


def text(view: NodeView) -> str:
    """The virtual servers, in the order of the Services."""
    return "".join(f"{line}\n" for port in view.services.ports for line in _service(view, port))


def _service(view: NodeView, service: ServicePort) -> Iterator[str]:
    inside = real_servers(view, service, service.internal_local)
    outside = real_servers(view, service, service.external_local)
    yield from _server(view, service, service.cluster_ip, service.port, inside)
    for address in (*service.external_ips, *service.load_balancer_ips):
        yield from _server(view, service, address, service.port, outside)
    for address in node_port_addresses(view) if service.node_port else ():
        yield from _server(view, service, address, service.node_port, outside)


def _server(
    view: NodeView, service: ServicePort, address: str, port: int, endpoints: tuple[Endpoint, ...]
) -> Iterator[str]:
    place = f"{_FLAGS[service.protocol]} {Endpoint(address, port)}"
    scheduler = view.settings.scheduler
    persistent = f" -p {service.affinity_s}" if service.affinity_s else ""
    hashes_port = " -b mh-port" if scheduler == "mh" else ""

    yield f"-A {place} -s {scheduler}{persistent}{hashes_port}"
    for endpoint in endpoints:
        yield f"-a {place} -r {endpoint} -m -w 1"
