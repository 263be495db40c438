"""A node: what its kube-proxy rules make of a new connection.

`route` says it in words for one Service port, node, way in and kind of source; the model asks it
once for each and lays the answers out as `RULE`; `translate` applies one to a first packet, with
the choice of an endpoint, the source port and the conntrack entry.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.hops.conntrack import NO_PORT, NO_ROOM, track
from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import pick
from emu.kernel import embedded, inlined


class Entry(IntEnum):
    """The address by which a packet reaches a Service."""

    CLUSTER_IP = 0
    NODE_PORT = 1


class Source(IntEnum):
    """Where a packet comes from, as seen by the node that translates it."""

    OUTSIDE = 0
    NODE = 1
    POD = 2


class Verdict(IntEnum):
    """What becomes of a first packet."""

    DNAT = 0
    REJECT = 1
    DROP = 2
    NO_CONNTRACK = 3
    NO_SNAT_PORT = 4
    ENLARGE = 5


class Route(NamedTuple):
    """A node's rule: DNAT to one of ``endpoints``, masqueraded or not; REJECT; or DROP."""

    verdict: Verdict
    endpoints: tuple[Endpoint, ...] = ()
    masquerade: bool = False


class TrafficPolicy(NamedTuple):
    """What of a Service and of kube-proxy's configuration decides about its rules."""

    external_local: bool
    internal_local: bool
    masquerade_all: bool
    cluster_cidr: bool


def route(
    everywhere: tuple[Endpoint, ...],
    here: tuple[Endpoint, ...],
    entry: Entry,
    source: Source,
    policy: TrafficPolicy,
) -> Route:
    """The rule for packets of this kind, by the endpoints usable ``everywhere`` and ``here``.

    Traffic from a Pod or from the node itself to a NodePort is treated as under the policy
    ``Cluster`` whatever ``externalTrafficPolicy`` says. Source: Kubernetes, pkg/proxy/iptables.
    """
    found = here if local_only(entry, source, policy) else everywhere
    if found:
        return Route(Verdict.DNAT, found, _masqueraded(entry, source, policy))
    return Route(Verdict.DROP if everywhere else Verdict.REJECT)


def local_only(entry: Entry, source: Source, policy: TrafficPolicy) -> bool:
    """Whether only endpoints on the node itself may be used."""
    if entry == Entry.CLUSTER_IP:
        return policy.internal_local
    return policy.external_local and source == Source.OUTSIDE


_OUTSIDE, _NODE = int(Source.OUTSIDE), int(Source.NODE)


@inlined
def seen_as(source: int, vertex: int, node: int) -> int:
    """What a sender at this vertex is to that node: a process on another node comes from outside.

    kube-proxy knows what comes from the node itself by ``--src-type LOCAL``.
    """
    return _OUTSIDE if source == _NODE and vertex != node else int(source)


def _masqueraded(entry: Entry, source: Source, policy: TrafficPolicy) -> bool:
    """Whether the source becomes the node; a hairpin is masqueraded besides, see `translate`."""
    if entry == Entry.NODE_PORT:
        if policy.external_local:
            return source == Source.NODE
        return True
    if policy.masquerade_all:
        return True
    return policy.cluster_cidr and source != Source.POD


RULE = np.dtype([("verdict", "i8"), ("first", "i8"), ("count", "i8"), ("masquerade", "i8")])
"""A `Route` as kernels read it: its endpoints are ``members[first : first + count]``."""

ENDPOINT = np.dtype([("pod", "i8"), ("port", "i8")])
"""An endpoint: the Pod that has its address, or -1 where none has, and the port."""


_ENTRIES, _SOURCES = len(Entry), len(Source)


@inlined
def rule_number(services: int, node: int, service: int, entry: int, source: int) -> int:
    """Where in the model's array of `RULE` the rule for this kind of packet stands."""
    return ((node * services + service) * _ENTRIES + entry) * _SOURCES + source


_DNAT, _NO_CONNTRACK = int(Verdict.DNAT), int(Verdict.NO_CONNTRACK)
_NO_SNAT_PORT, _ENLARGE = int(Verdict.NO_SNAT_PORT), int(Verdict.ENLARGE)


@embedded
def translate(
    rules: NDArray[Any],
    members: NDArray[np.int64],
    endpoints: NDArray[Any],
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    mode: int,
    rule: int,
    node: int,
    source: int,
    sources: int,
    source_pod: int,
    source_port: int,
    limit: int,
    now: int,
    seed: int,
    request: int,
    attempt: int,
) -> tuple[int, int, int, bool]:
    """What happens to a first packet.

    Its `Verdict`, the endpoint chosen, the source port, and whether the source is masqueraded
    (which the port alone does not tell: the one found may be the sender's own).

    ``source`` numbers the sender among ``sources``; the node itself, as sender of what it
    masquerades, is number ``node``. ``source_pod`` is the Pod it comes from, or -1: one that
    reaches itself through its Service is masqueraded too (hairpin).
    """
    its = rules[rule]
    verdict = its["verdict"]
    if verdict != _DNAT:
        return verdict, -1, -1, False
    place = pick(mode, its["count"], seed, request, attempt)
    endpoint = members[its["first"] + place]
    hairpin = source_pod >= 0 and endpoints[endpoint]["pod"] == source_pod
    masqueraded = hairpin or its["masquerade"] != 0
    if masqueraded:
        source, source_port = node, 0
    prefix = tuple_prefix(node, source, endpoint, sources, len(endpoints))
    port = track(
        keys, ends, expiries, counters, live,
        node, prefix, source_port, limit, now, seed, request, attempt,
    )  # fmt: skip
    if port > 0:
        return verdict, endpoint, port, masqueraded
    if port == NO_ROOM:
        return _NO_CONNTRACK, endpoint, port, masqueraded
    if port == NO_PORT:
        return _NO_SNAT_PORT, endpoint, port, masqueraded
    return _ENLARGE, endpoint, port, masqueraded


@inlined
def tuple_prefix(node: int, source: int, endpoint: int, sources: int, endpoints: int) -> int:
    """The number, from 1, of the tuple (node, source, endpoint) in conntrack's keys."""
    return (node * sources + source) * endpoints + endpoint + 1
