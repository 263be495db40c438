"""What kube-proxy itself answers on a Service's healthCheckNodePort: 200 or 503, over HTTP.

A cloud load balancer asks it which nodes have an endpoint of a Service under
``externalTrafficPolicy: Local``. Endpoints that are terminating do not count, whether or not they
still serve. kube-proxy is taken to be well itself. Source: Kubernetes, pkg/proxy/healthcheck
(service_health.go), pkg/proxy/endpoints.go (``LocalReadyEndpoints``).
"""

from emu.hops.kubeproxy.view import NodeView, Packet


def health_check(view: NodeView, packet: Packet) -> str:
    """What it answers and why; empty where no health check is addressed."""
    ports = view.services.by_health_check.get(packet.port, ())
    if not ports or packet.protocol != "TCP" or not _listens(view, packet.destination):
        return ""
    ready = {e.address for port in ports for e in view.usable(port).local if e.ready}
    name = ports[0].name.partition(":")[0]
    status, count = (200, len(ready)) if ready else (503, "no")
    plural = "" if count == 1 else "s"
    return f"kube-proxy answers {status}: {name} has {count} ready endpoint{plural} on {view.name}"


def _listens(view: NodeView, address: str) -> bool:
    """Whether kube-proxy listens there: where NodePorts are asked to answer."""
    if view.node_port_addresses is None:
        return view.owns(address)
    return address in view.node_port_addresses
