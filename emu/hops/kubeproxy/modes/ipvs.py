"""ipvs mode: virtual servers in the kernel, iptables and ipsets beside them.

Each address and port of a Service is a virtual server of its own. It differs from the mode iptables
in these:

- ClusterIPs, external IPs and the addresses of load balancers are addresses of every node
  (``kube-ipvs0``): their other ports are refused (KUBE-IPVS-FILTER).
- NodePorts answer at every address of the node by default, and never at loopback.
- Under a policy Local, a node without an endpoint of its own uses those of the cluster, where the
  Service uses those at all. That holds for every sender: Pods and the node have no way round
  externalTrafficPolicy (pull request 97081).
- To external addresses under Local no source is masqueraded. So an answer from another node is
  lost, unless the sender is on this one.
- What a node sends to a ClusterIP has that ClusterIP as its source, and is masqueraded also where
  Pods cannot be told.
- Source ranges are judged in the table filter before a virtual server is asked; what the node
  itself sends has the load balancer's address as its source, and passes if the node's primary
  address is in a range (KUBE-IPVS-OUT-FILTER).

Source: Kubernetes, pkg/proxy/ipvs (``syncProxyRules``, ``syncEndpoint``, ``writeIptablesRules``);
Linux, net/netfilter/ipvs/ip_vs_core.c (``ip_vs_leave``).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import scheduling
from emu.hops.kubeproxy.servers import LOADS, SCHEDULER
from emu.hops.kubeproxy.services import Entry, Front, ServicePort, Size
from emu.hops.kubeproxy.traffic import Action, Decision, accepts_source, unruled
from emu.hops.kubeproxy.view import NodeView, Packet, Settings, is_loopback, within
from emu.kernel import kernel

__all__ = ["LOADS", "NODE_PORT_ADDRESSES", "decide", "pick", "prepare", "table"]

NODE_PORT_ADDRESSES: Final = None
"""By default, NodePorts answer at every address of a node."""


KEPT_BY_ADDRESS: Final = True
"""Session affinity is the persistence of a virtual server."""


def prepare(settings: Settings, count: int) -> NDArray[np.int64]:
    """The state of the configured scheduler."""
    return scheduling.prepare(settings.scheduler, count)


def table(settings: Settings, endpoints: Sequence[Endpoint], destination: str) -> NDArray[np.int64]:
    """The table of the configured scheduler, if it has one."""
    made = scheduling.table(settings.scheduler, endpoints, destination)
    return np.zeros(0, np.int64) if made is None else made


@kernel
def pick(
    memory: NDArray[np.int64],
    server: int,
    table: int,
    count: int,
    source: int,
    port: int,
) -> int:
    """The endpoint that the virtual server's scheduler chooses."""
    kind = memory[server + SCHEDULER]
    return int(scheduling.schedule(kind, memory, server, table, count, source, port))


def node_port_addresses(view: NodeView) -> tuple[str, ...]:
    """Where NodePorts have a virtual server."""
    asked = view.node_port_addresses
    return tuple(a for a in (view.addresses if asked is None else asked) if not is_loopback(a))


def real_servers(view: NodeView, service: ServicePort, local: bool) -> tuple[Endpoint, ...]:
    """The endpoints behind a virtual server; ``local`` is whether its policy is Local."""
    usable = view.usable(service)
    cluster = usable.cluster if service.uses_cluster else ()
    return (usable.local or cluster) if local else cluster


def written(everything: Size, changed: Size) -> int:
    """All virtual servers and their endpoints: each sync compares them with what there should be
    (``syncService``, ``syncEndpoint``)."""
    return sum(everything)


def decide(view: NodeView, packet: Packet) -> Decision:
    """What the rules in the table filter and the virtual servers make of a packet."""
    services = view.services
    front = services.by_address.get((packet.destination, packet.protocol, packet.port))
    if front is None and packet.destination in node_port_addresses(view):
        front = services.by_node_port.get((packet.protocol, packet.port))
    if front is not None:
        return _served(view, packet, front)
    bound = (services.cluster_ips, services.external_ips, services.load_balancer_ips)
    of_service = any(packet.destination in addresses for addresses in bound)
    if of_service and not view.owns(packet.destination):
        if packet.port in services.by_health_check:
            return unruled(view, packet)
        return Decision(Action.REJECT, "no Service has this port of the address")
    return unruled(view, packet)


def _served(view: NodeView, packet: Packet, front: Front) -> Decision:
    service = front.service
    if front.entry == Entry.LOAD_BALANCER_IP and not _accepts(view, packet, service):
        return Decision(Action.DROP, f"{service.name}: not in loadBalancerSourceRanges", front)
    inside = front.entry == Entry.CLUSTER_IP
    local = service.internal_local if inside else service.external_local
    endpoints = real_servers(view, service, local)
    if not endpoints:
        lack = "local endpoints" if view.usable(service).anywhere else "endpoints"
        return Decision(Action.REJECT, f"{service.name} has no {lack}", front)
    kept = local and any(endpoint.node == view.name for endpoint in endpoints)
    policy = f"{'internal' if inside else 'external'}TrafficPolicy"
    scope = ("Local" if kept else "Local without one here") if local else "Cluster"
    masquerade, why = _masquerade(view, packet, front)
    reason = f"{service.name} {front.entry.spoken}, {policy} {scope}: {why}"
    return Decision(Action.DNAT, reason, front, endpoints, masquerade, kept)


def _accepts(view: NodeView, packet: Packet, service: ServicePort) -> bool:
    if view.owns(packet.source):
        return not service.source_ranges or within(view.addresses[0], service.source_ranges)
    return accepts_source(view, packet, service)


def _masquerade(view: NodeView, packet: Packet, front: Front) -> tuple[bool, str]:
    """Whether the chain KUBE-SERVICES marks a packet for masquerading, and why."""
    if is_loopback(packet.source):
        return False, "its source stays"
    if front.entry != Entry.CLUSTER_IP:
        external_local = front.service.external_local
        return not external_local, "its source stays" if external_local else "masqueraded"
    if view.settings.masquerade_all:
        return True, "masqueraded as all traffic"
    if view.owns(packet.source):
        return True, "masqueraded as its source is the cluster IP"
    if view.local_networks is not None and not view.detects_pod(packet.source):
        return True, "masqueraded as it comes from no Pod"
    return False, "its source stays"
