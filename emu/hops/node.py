"""A node: what its kube-proxy rules make of a new connection.

The proxy mode's ``decide`` says it in words for one kind of packet (see `emu.hops.kubeproxy`); the
model asks it once for each and lays the answers out as `RULE`; `translate` applies one to a first
packet, with the choice of an endpoint, the source port and the conntrack entry.
"""

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.conntrack import NO_PORT, NO_ROOM, track
from emu.hops.kubeproxy import pick
from emu.hops.kubeproxy.traffic import Action
from emu.kernel import embedded, inlined


class Verdict(IntEnum):
    """What becomes of a first packet."""

    DNAT = Action.DNAT
    REJECT = Action.REJECT
    DROP = Action.DROP
    NO_CONNTRACK = 3
    NO_SNAT_PORT = 4
    ENLARGE = 5


RULE = np.dtype([("verdict", "i8"), ("first", "i8"), ("count", "i8"), ("masquerade", "i8")])
"""A `Decision` as kernels read it: its endpoints are ``members[first : first + count]``."""

ENDPOINT = np.dtype([("pod", "i8"), ("port", "i8")])
"""An endpoint: the Pod that has its address, or -1 where none has, and the port."""


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
