"""iptables mode: a chain a Service, a chain an endpoint; each endpoint with probability 1/n.

kube-proxy writes one rule an endpoint, ``-m statistic --mode random --probability 1/(n-i)`` for
rule i from 0 and an unconditional last one. The kernel keeps a probability as a whole number of
2^-31, so the chance of an endpoint is off 1/n by some 2^-31: `emu.printing` shows it, runs leave it
out.

A first packet is compared with one rule after the other, so what it costs grows with the Services;
in the other modes it is looked up in a map, whatever their number.

Source: Kubernetes, pkg/proxy/iptables; iptables, extensions/libxt_statistic.c; Linux,
net/netfilter/xt_statistic.c.
"""

from typing import Final

from emu.hops.kubeproxy.services import Entry, Size
from emu.hops.kubeproxy.traffic import Action, Decision, accepts_source, decided, unruled, unserved
from emu.hops.kubeproxy.view import NodeView, Packet, is_loopback

NODE_PORT_ADDRESSES: Final = None
"""By default, NodePorts answer at every address of a node."""


def passed(view: NodeView, packet: Packet) -> int:
    """The rules about other Services' addresses before the one that is meant; for a NodePort those
    about all of them, and the NodePorts before it. Listed as `emu.printing` does."""
    services = view.services
    front = services.by_address.get((packet.destination, packet.protocol, packet.port))
    if front is not None:
        return services.ahead[front.service].addresses
    front = services.by_node_port.get((packet.protocol, packet.port))
    if front is None:
        return 0
    others = services.everything.addresses - front.service.addresses
    return others + services.ahead[front.service].node_ports


def written(everything: Size, changed: Size) -> int:
    """A rule for each Service in KUBE-SERVICES, always, two in the chain of each that has changed,
    and three for each of its endpoints (``iptables-restore`` leaves out other chains: KEP-3453)."""
    return everything.services + 2 * changed.services + 3 * changed.endpoints


def decide(view: NodeView, packet: Packet) -> Decision:
    """What the rules in the tables nat and filter make of a packet."""
    front = view.services.by_address.get((packet.destination, packet.protocol, packet.port))
    if front is None:
        return _at_node(view, packet)
    service = front.service
    found = decided(view, packet, front)
    if (
        front.entry == Entry.LOAD_BALANCER_IP
        and found.action != Action.REJECT
        and not accepts_source(view, packet, service)
    ):
        return Decision(Action.DROP, f"{service.name}: not in loadBalancerSourceRanges", front)
    leaves_here = view.owns(packet.source) and not view.owns(packet.destination)
    if found.action != Action.DNAT and front.entry != Entry.CLUSTER_IP and leaves_here:
        reason = f"{found.reason}, but KUBE-EXTERNAL-SERVICES sees nothing that the node sends"
        return Decision(Action.NONE, reason, front)
    return found


def _at_node(view: NodeView, packet: Packet) -> Decision:
    """A packet to one of the node's own addresses, or to nothing that kube-proxy knows.

    NodePorts without endpoints are refused at every address of the node, whichever addresses
    NodePorts answer at.
    """
    front = view.services.by_node_port.get((packet.protocol, packet.port))
    if front is None or not view.owns(packet.destination):
        return _untouched(view, packet, "no rule is about this destination")
    found = decided(view, packet, front)
    if not _answers(view, packet.destination):
        usable, local = view.usable(front.service), front.service.external_local
        reason = f"{front.service.name} node port: does not answer at this address"
        found = Decision(Action.NONE, reason, front)
        if not (usable.local if local else usable.cluster):
            found = unserved(front, local_missing=usable.anywhere)
    if found.action == Action.NONE or (found.action != Action.DNAT and view.owns(packet.source)):
        return _untouched(view, packet, found.reason, found)
    return found


def _untouched(
    view: NodeView, packet: Packet, reason: str, otherwise: Decision | None = None
) -> Decision:
    """A packet that nat left as it is; to loopback from elsewhere KUBE-FIREWALL drops it."""
    guarded = packet.destination.startswith("127.") and view.settings.localhost_node_ports
    if guarded and not packet.source.startswith("127."):
        return Decision(Action.DROP, f"{reason}; to localhost from elsewhere")
    return otherwise or unruled(view, packet, reason)


def _answers(view: NodeView, address: str) -> bool:
    """Whether the node answers on NodePorts there; never on IPv6's loopback address."""
    if is_loopback(address) and (":" in address or not view.settings.localhost_node_ports):
        return False
    return view.node_port_addresses is None or address in view.node_port_addresses
