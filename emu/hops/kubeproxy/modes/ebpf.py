"""ebpf mode, in the manner of Cilium's replacement of kube-proxy, with Cilium's defaults.

There are two places of decision. A Pod's or the node's own socket is translated when it connects:
no packet ever carries a Service's address, and the source stays. What comes in from outside is
translated at the network device, and has its source masqueraded (``mode=snat``) if the endpoint
that was chosen is on another node. It differs from kube-proxy's modes in these:

- Sockets know the NodePorts of every node, so the sender's own node decides; the node's own sockets
  have them at loopback as well.
- ``internalTrafficPolicy`` is that of sockets, whichever address they connect to;
  ``externalTrafficPolicy`` that of traffic from outside. Where a policy Local finds no endpoint
  here, the sender is told at once (``service-no-backend-response=reject``).
- A Pod that reaches itself through its Service sees its own address.
- ClusterIPs are dropped if they come from outside, and so are unserved ports of theirs and of load
  balancers' addresses; to a socket such a port is an address like any other.
- Sockets leave external IPs alone, but for those that are the node's own.
- Source ranges hold for traffic from outside, and are judged before endpoints are looked for.
- Hints for zones and nodes do not count (``loadBalancer.serviceTopology=false``), and neither does
  ``masqueradeAll``.
- NodePorts answer at one address of each device; each address of a node is taken for one.
- Sockets draw an endpoint; for traffic from outside, ``algorithm: maglev`` looks it up by the
  source's address and port.

SCTP is taken for translated like TCP; Cilium does it packet by packet, where it is switched on.

Source: Cilium, bpf/bpf_sock.c, bpf/lib/lb.h, bpf/lib/nodeport.h, pkg/loadbalancer (writer, bpf
reconciler), Documentation/network/kubernetes/kubeproxy-free.rst.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import cilium
from emu.hops.kubeproxy.services import Entry, Front
from emu.hops.kubeproxy.traffic import Action, Decision, unruled, unserved
from emu.hops.kubeproxy.view import NodeView, Packet, Settings, is_loopback, within
from emu.kernel import kernel

NODE_PORT_ADDRESSES: Final = None
"""By default, NodePorts answer at every address of a node."""


KEPT_BY_ADDRESS: Final = True
"""Session affinity holds for each address of a Service by itself."""


def looks_up(view: NodeView, packet: Packet) -> bool:
    """Whether a table chooses the endpoint: for traffic from outside, with the algorithm maglev."""
    return view.settings.algorithm == "maglev" and not view.hosts(packet.source)


def table(settings: Settings, endpoints: Sequence[Endpoint], destination: str) -> NDArray[np.int64]:
    """The Maglev table, with the algorithm maglev."""
    if settings.algorithm != "maglev":
        return np.zeros(0, np.int64)
    return cilium.table(endpoints)


@kernel
def pick(
    memory: NDArray[np.int64],
    server: int,
    table: int,
    count: int,
    source: int,
    port: int,
) -> int:
    """The endpoint in the table."""
    return int(memory[table + cilium.hashed(source, port) % cilium.SIZE])


def decide(view: NodeView, packet: Packet) -> Decision:
    """What the program at the sender's socket, or at the network device, makes of a packet."""
    if view.hosts(packet.source):
        return _at_socket(view, packet)
    return _at_device(view, packet)


def _at_socket(view: NodeView, packet: Packet) -> Decision:
    services = view.services
    front = services.by_address.get((packet.destination, packet.protocol, packet.port))
    if front is None and _is_node(view, packet):
        front = services.by_node_port.get((packet.protocol, packet.port))
    if front is None:
        return unruled(view, packet)
    service = front.service
    if front.entry == Entry.EXTERNAL_IP and not view.owns(packet.destination):
        return unruled(view, packet, f"{service.name}: sockets leave external IPs alone")
    policy = f"internalTrafficPolicy {'Local' if service.internal_local else 'Cluster'}"
    why = f"{policy}, at its socket: its source stays"
    return _chosen(view, front, service.internal_local, False, why)


def _is_node(view: NodeView, packet: Packet) -> bool:
    """Whether a socket takes the destination for a node's address."""
    if is_loopback(packet.destination):
        return view.owns(packet.source)
    return packet.destination in view.addresses or packet.destination in view.nodes


def _at_device(view: NodeView, packet: Packet) -> Decision:
    services = view.services
    front = services.by_address.get((packet.destination, packet.protocol, packet.port))
    if front is None and _answers(view, packet.destination):
        front = services.by_node_port.get((packet.protocol, packet.port))
    if front is None:
        known = services.cluster_ips, services.load_balancer_ips
        if any(packet.destination in addresses for addresses in known):
            return Decision(Action.DROP, "no Service has this port of the address")
        return unruled(view, packet)
    service = front.service
    if front.entry == Entry.CLUSTER_IP:
        return Decision(Action.DROP, f"{service.name}: a cluster IP, from outside", front)
    ranges = service.source_ranges if front.entry == Entry.LOAD_BALANCER_IP else ()
    if ranges and not within(packet.source, ranges):
        return Decision(Action.DROP, f"{service.name}: not in loadBalancerSourceRanges", front)
    if service.external_local:
        why = "externalTrafficPolicy Local: an endpoint here, its source stays"
        return _chosen(view, front, True, False, why)
    why = "externalTrafficPolicy Cluster: masqueraded where the endpoint is on another node"
    return _chosen(view, front, False, True, why)


def _answers(view: NodeView, address: str) -> bool:
    """Whether traffic from outside finds NodePorts there."""
    if is_loopback(address) or not view.owns(address):
        return False
    return view.node_port_addresses is None or address in view.node_port_addresses


def _chosen(view: NodeView, front: Front, local: bool, masquerade: bool, why: str) -> Decision:
    """One of the endpoints of a policy, if there are any."""
    usable = view.usable(front.service)
    endpoints = usable.local if local else usable.unhinted
    if not endpoints:
        lacking = unserved(front, local_missing=usable.anywhere)
        return lacking._replace(action=Action.REJECT)
    reason = f"{front.service.name} {front.entry.spoken}, {why}"
    return Decision(Action.DNAT, reason, front, endpoints, masquerade, local, spares_local=True)
