"""What the traffic policies of a Service make of a packet: the part that modes have in common.

Source: Kubernetes, pkg/proxy/iptables and pkg/proxy/nftables (``syncProxyRules``).
"""

from enum import IntEnum
from typing import NamedTuple

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.health import health_check
from emu.hops.kubeproxy.services import Entry, Front, ServicePort
from emu.hops.kubeproxy.view import NodeView, Packet, within


class Action(IntEnum):
    """What becomes of a packet."""

    DNAT = 0
    """It goes on to one of the endpoints."""
    REJECT = 1
    """Its sender is told at once."""
    DROP = 2
    """Silence."""
    NONE = 3
    """No rule is about it: it goes on as it is."""


class Decision(NamedTuple):
    """What a node's rules make of a packet, and why, in words.

    ``masquerade`` is whether its source becomes the node whichever endpoint is chosen; one that is
    the sender itself (hairpin) is masqueraded besides. With ``spares_local`` neither holds for
    endpoints on the node itself: they see the source. ``local`` is whether the endpoints are those
    of the policy ``Local``; ``front`` is None where no Service is meant.
    """

    action: Action
    reason: str
    front: Front | None = None
    endpoints: tuple[Endpoint, ...] = ()
    masquerade: bool = False
    local: bool = False
    spares_local: bool = False

    def masquerades(self, endpoint: Endpoint, source: str, node: str) -> bool:
        """Whether the source becomes the ``node`` that decided, if this endpoint is chosen.

        What comes in for a process in the node's own network is delivered there, and never passes
        POSTROUTING, where it would be masqueraded.
        """
        if endpoint.node == node and (
            self.spares_local or (endpoint.host and endpoint.address != source)
        ):
            return False
        return self.masquerade or endpoint.address == source

    def mostly_masquerades(self, source: str, node: str) -> bool:
        """The same in one word for all endpoints.

        That is the policy's, unless it spares every endpoint; a hairpin counts where the sender is
        the only one.
        """
        each = [self.masquerades(endpoint, source, node) for endpoint in self.endpoints]
        return any(each) if self.masquerade else bool(each) and all(each)

    def why(self, source: str, node: str) -> str:
        """The reason, and that a sender reaches itself, where that alone decides."""
        alone = not self.masquerade and self.mostly_masquerades(source, node)
        return f"{self.reason}, but it reaches itself: masqueraded" if alone else self.reason

    def lost(self, source: str, here: bool, node: str) -> tuple[Endpoint, ...]:
        """The endpoints whose answers never come back to this ``node``, to be translated back.

        That is so where the source stays, the sender is not ``here``, and the endpoint is on
        another node: it answers the sender by a way of its own, from an address that the sender
        does not know.
        """
        if here or self.masquerade:
            return ()
        return tuple(e for e in self.endpoints if e.node not in ("", node) and e.address != source)

    def hairpin(self, source: str) -> tuple[Endpoint, ...]:
        """The endpoints that are the sender itself."""
        return tuple(e for e in self.endpoints if e.address == source)


def decided(view: NodeView, packet: Packet, front: Front) -> Decision:
    """What the policies of the Service say, once its rules have the packet."""
    if front.entry == Entry.CLUSTER_IP:
        return _internal(view, packet, front)
    return _external(view, packet, front)


def accepts_source(view: NodeView, packet: Packet, service: ServicePort) -> bool:
    """Whether ``loadBalancerSourceRanges`` lets the packet in.

    Where the node's own address is in a range, packets from the load balancer's address are those
    of the node itself, which has that address too.
    """
    ranges = service.source_ranges
    if not ranges or within(packet.source, ranges):
        return True
    return packet.source in service.load_balancer_ips and within(view.addresses[0], ranges)


def unruled(view: NodeView, packet: Packet, reason: str = "") -> Decision:
    """No rule is about it: it goes on, to a process of the node where it has this address."""
    reason = reason or "no rule is about this destination"
    return Decision(Action.NONE, health_check(view, packet) or reason)


def unserved(front: Front, local_missing: bool) -> Decision:
    """Nobody to send it to: REJECT; or DROP where other nodes have an endpoint."""
    service = front.service
    if local_missing:
        return Decision(Action.DROP, f"{service.name} has no local endpoints", front)
    return Decision(Action.REJECT, f"{service.name} has no endpoints", front)


def _internal(view: NodeView, packet: Packet, front: Front) -> Decision:
    service, usable = front.service, view.usable(front.service)
    if not usable.anywhere:
        return unserved(front, local_missing=False)
    local = service.internal_local
    endpoints = usable.local if local else usable.cluster
    if not endpoints:
        return unserved(front, local_missing=True)
    if view.settings.masquerade_all:
        masquerade, why = True, "masqueraded as all traffic"
    elif view.local_networks is not None and not view.detects_pod(packet.source):
        masquerade, why = True, "masqueraded as it comes from no Pod"
    else:
        masquerade, why = False, "its source stays"
    policy = "internalTrafficPolicy Local" if local else "internalTrafficPolicy Cluster"
    reason = f"{service.name} {front.entry.spoken}, {policy}: {why}"
    return Decision(Action.DNAT, reason, front, endpoints, masquerade, local)


def _external(view: NodeView, packet: Packet, front: Front) -> Decision:
    service, usable = front.service, view.usable(front.service)
    if not usable.anywhere:
        return unserved(front, local_missing=False)
    what = f"{service.name} {front.entry.spoken}, externalTrafficPolicy"
    if not service.external_local:
        reason = f"{what} Cluster: masqueraded"
        return Decision(Action.DNAT, reason, front, usable.cluster, masquerade=True)
    if view.detects_pod(packet.source):
        reason = f"{what} Local; a Pod is under Cluster: its source stays"
        return Decision(Action.DNAT, reason, front, usable.cluster)
    if view.owns(packet.source):
        reason = f"{what} Local; the node is under Cluster: masqueraded"
        return Decision(Action.DNAT, reason, front, usable.cluster, masquerade=True)
    if not usable.local:
        return unserved(front, local_missing=True)
    reason = f"{what} Local: an endpoint here, its source stays"
    return Decision(Action.DNAT, reason, front, usable.local, local=True)
