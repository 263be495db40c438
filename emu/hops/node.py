"""A node: what its kube-proxy rules make of a new connection.

The proxy mode's ``decide`` says it in words for one kind of packet (see `emu.hops.kubeproxy`); the
model asks it once for each and lays the answers out as `RULE`; `translate` applies one to a first
packet, with the choice of an endpoint, the source port and the conntrack entry.
"""

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops import affinity
from emu.hops.conntrack import ADMITTED, NO_PORT, NO_ROOM, admit, track
from emu.hops.kubeproxy import choose
from emu.hops.kubeproxy.traffic import Action
from emu.kernel import embedded, inlined, kernel
from emu.units import SECOND


class Verdict(IntEnum):
    """What becomes of a first packet."""

    DNAT = Action.DNAT
    REJECT = Action.REJECT
    DROP = Action.DROP
    NO_CONNTRACK = 3
    NO_SNAT_PORT = 4
    ENLARGE = 5
    UNREACHED = 6


class Masquerade(IntEnum):
    """When a packet's source becomes the node's."""

    HAIRPINS = 0
    """Where the sender reaches itself."""
    ALWAYS = 1
    TO_OTHER_NODES = 2
    """Where the endpoint is not on the node."""
    NEVER = 3


RULE = np.dtype(
    [
        ("verdict", "i2"),
        ("masquerade", "i2"),
        ("first", "i4"),
        ("count", "i4"),
        ("server", "i4"),
        ("table", "i4"),
        ("cost_ns", "i4"),
        ("group", "i4"),
        ("affinity_s", "i4"),
    ]
)
"""A `Decision` as kernels read it: its endpoints are ``members[first : first + count]``; when its
source is masqueraded; where the mode's own state and table for it are (-1: none; see
`emu.hops.kubeproxy`); how long the packet is held up by rules about other Services; with which
other rules it shares what clients keep, and for how many seconds a client keeps its endpoint (0: it
does not). Half a cache line."""

ENDPOINT = np.dtype([("pod", "i4"), ("port", "i4"), ("node", "i4"), ("host", "i4")])
"""An endpoint: the Pod that has its address, or -1 where none has; the port; its node, -1 where
nobody says on which it is; and whether its address is the node's own."""


_DNAT, _NO_CONNTRACK = int(Verdict.DNAT), int(Verdict.NO_CONNTRACK)
_NO_SNAT_PORT, _ENLARGE = int(Verdict.NO_SNAT_PORT), int(Verdict.ENLARGE)
_HAIRPINS, _ALWAYS, _TO_OTHER_NODES, _ = (int(when) for when in Masquerade)


@embedded
def translate(
    rules: NDArray[Any],
    members: NDArray[np.int64],
    endpoints: NDArray[Any],
    kept: NDArray[Any],
    used: NDArray[np.int64],
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    loads: NDArray[np.int64],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    servers: NDArray[np.int64],
    mode: int,
    loads_at: int,
    evicts: bool,
    rule: int,
    node: int,
    source: int,
    sources: int,
    source_pod: int,
    address: int,
    source_port: int,
    before: int,
    limit: int,
    now: int,
    seed: int,
    request: int,
    attempt: int,
) -> tuple[int, int, int, bool]:
    """What happens to a first packet.

    Its `Verdict`, the endpoint chosen, the source port, and whether the source is masqueraded
    (which the port alone does not tell: the one found may be the sender's own).

    ``source`` numbers the sender among ``sources``, ``address`` is its IPv4 address as a number;
    the node itself, as sender of what it masquerades, is number ``node``. ``source_pod`` is the Pod
    it comes from, or -1. ``loads_at`` is where in a virtual server's state the loads of endpoints
    begin, where the mode counts them.
    ``before`` and ``evicts`` are as in `emu.hops.conntrack`. A full table drops a connection before
    an endpoint is chosen.
    """
    its = rules[rule]
    verdict = its["verdict"]
    if verdict != _DNAT:
        return verdict, -1, -1, False
    keeps = its["affinity_s"] > 0
    if keeps and affinity.crowded(kept, used):
        return _ENLARGE, -1, -1, False
    admitted = admit(
        keys, ends, loads, expiries, counters, live, servers, node, before, limit, now
    )  # fmt: skip
    if admitted != ADMITTED:
        return _NO_CONNTRACK if admitted == NO_ROOM else _ENLARGE, -1, -1, False
    place, key = -1, int(its["group"]) * sources + source + 1
    if keeps:
        place = _kept_place(its, members, kept, key, now)
    if place < 0:
        place = choose(
            mode, servers, its["server"], its["table"], its["count"], address, source_port,
            seed, request, attempt,
        )  # fmt: skip
    endpoint = members[its["first"] + place]
    masqueraded = _masqueraded(its["masquerade"], endpoints[endpoint], node, source, source_pod)
    if masqueraded:
        source, source_port = node, 0
    prefix = tuple_prefix(node, source, endpoint, sources, len(endpoints))
    port = track(
        keys, ends, loads, expiries, counters, live, servers,
        node, prefix, source_port, its["server"] + loads_at + 2 * place, evicts,
        seed, request, attempt,
    )  # fmt: skip
    if port == NO_PORT:
        return _NO_SNAT_PORT, endpoint, port, masqueraded
    if keeps:
        affinity.keep(kept, used, key, its["first"] + place, now)
    return verdict, endpoint, port, masqueraded


@embedded
def _masqueraded(when: int, endpoint: Any, node: int, source: int, source_pod: int) -> bool:
    """Whether a packet to this endpoint is masqueraded, by a `Masquerade`.

    One that comes in for a process in the node's own network never is (`Decision.masquerades`).
    """
    if endpoint["host"] != 0 and endpoint["node"] == node and source != node:
        return False
    if when == _HAIRPINS:
        return bool(source_pod >= 0 and endpoint["pod"] == source_pod)
    return bool(when == _ALWAYS or (when == _TO_OTHER_NODES and endpoint["node"] != node))


@kernel
def _kept_place(
    its: Any, members: NDArray[np.int64], kept: NDArray[Any], key: int, now: int
) -> int:
    """The place among a rule's endpoints of the one that the client keeps, or -1.

    It may have been chosen by a rule with other endpoints: under the other traffic policy.
    """
    member = affinity.member_of(kept, key, int(its["affinity_s"]) * SECOND, now)
    if member == affinity.NONE:
        return -1
    place = member - its["first"]
    if 0 <= place < its["count"]:
        return int(place)
    for other in range(its["count"]):
        if members[its["first"] + other] == members[member]:
            return int(other)
    return -1


@inlined
def tuple_prefix(node: int, source: int, endpoint: int, sources: int, endpoints: int) -> int:
    """The number, from 1, of the tuple (node, source, endpoint) in conntrack's keys."""
    return (node * sources + source) * endpoints + endpoint + 1
