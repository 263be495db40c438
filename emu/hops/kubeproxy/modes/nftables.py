"""nftables mode: one look-up a packet, then each endpoint with probability 1/n.

``numgen random mod n vmap {...}`` draws a whole number, without the rounding of the mode iptables.
It differs besides in these: NodePorts answer at the primary address alone by default, and never at
loopback; a ClusterIP refuses ports that it does not serve, and what has no Service in the networks
of ClusterIPs is dropped; source ranges hold for Services without endpoints too; a node's own
traffic to an external address under the policy Local meets the check for endpoints before it is
translated, and is dropped where there are none on the node.

Source: Kubernetes, pkg/proxy/nftables; Linux, net/netfilter/nft_numgen.c.
"""

from typing import Final

from emu.hops.kubeproxy.services import Entry, Front
from emu.hops.kubeproxy.traffic import Action, Decision, accepts_source, decided, unruled, unserved
from emu.hops.kubeproxy.view import NodeView, Packet, is_loopback, within

NODE_PORT_ADDRESSES: Final = ("primary",)
"""By default, NodePorts answer at a node's primary address alone."""


def decide(view: NodeView, packet: Packet) -> Decision:
    """What the table kube-proxy makes of a packet."""
    front = view.services.by_address.get((packet.destination, packet.protocol, packet.port))
    if front is not None:
        return _at_service(view, packet, front)
    front = view.services.by_node_port.get((packet.protocol, packet.port))
    if front is not None and _answers(view, packet.destination):
        return decided(view, packet, front)
    if packet.destination in view.services.cluster_ips:
        return Decision(Action.REJECT, "no Service has this port of the cluster IP")
    if within(packet.destination, view.settings.service_networks):
        return Decision(Action.DROP, "no Service has this address of a ServiceCIDR")
    return unruled(view, packet)


def _at_service(view: NodeView, packet: Packet, front: Front) -> Decision:
    service = front.service
    if front.entry != Entry.CLUSTER_IP and view.owns(packet.source):
        usable = view.usable(service)
        if not usable.anywhere or (service.external_local and not usable.local):
            return unserved(front, local_missing=usable.anywhere)
    if front.entry == Entry.LOAD_BALANCER_IP and not accepts_source(view, packet, service):
        return Decision(Action.DROP, f"{service.name}: not in loadBalancerSourceRanges", front)
    return decided(view, packet, front)


def _answers(view: NodeView, address: str) -> bool:
    """Whether the node answers on NodePorts there."""
    if is_loopback(address) or not view.owns(address):
        return False
    return view.node_port_addresses is None or address in view.node_port_addresses
