"""Session affinity: which endpoint a client's address keeps, as long as it comes back in time.

What is kept lies in one hash table for all nodes with linear probing. It is never taken out: there
are at most as many as there are senders to a Service at a node.

Left out: the list of an endpoint in the mode iptables holds the last 100 addresses alone
(xt_recent, ``ip_list_tot``).

Source: Linux, net/netfilter/xt_recent.c; Kubernetes, pkg/proxy/iptables and pkg/proxy/nftables.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import by_reference, embedded, kernel

KEPT = np.dtype([("key", "i8"), ("member", "i8"), ("used_ns", "i8")])
"""Which member of its set a client had last, and when; key 0 where the slot is empty."""

NONE: Final = -1
"""The client has kept no endpoint."""

_FIRST_SLOTS: Final = 1 << 6


@by_reference
class Affinity(NamedTuple):
    """``kept`` an array of `KEPT`, its length a power of two; ``used`` int64, its used slots."""

    kept: NDArray[Any]
    used: NDArray[np.int64]


def empty() -> Affinity:
    """Nobody has come yet."""
    return Affinity(np.zeros(_FIRST_SLOTS, KEPT), np.zeros(1, np.int64))


def enlarged(affinity: Affinity) -> Affinity:
    """The same with room for more, if there is need; ``used`` stays the same array."""
    if not crowded(*affinity):
        return affinity
    kept = np.zeros(2 * len(affinity.kept), KEPT)
    for one in affinity.kept[affinity.kept["key"] != 0]:
        kept[_find(kept, int(one["key"]))] = one
    return affinity._replace(kept=kept)


@embedded
def crowded(kept: NDArray[Any], used: NDArray[np.int64]) -> bool:
    """Whether `keep` wants more room first."""
    return bool(2 * used[0] >= len(kept))


@kernel
def _find(kept: NDArray[Any], key: int) -> int:
    """The slot that has the key, or the empty one where it would go."""
    mask = len(kept) - 1
    slot = ((key * 0x2545F4914F6CDD1D) >> 20) & mask
    while kept[slot]["key"] != 0 and kept[slot]["key"] != key:
        slot = (slot + 1) & mask
    return int(slot)


@kernel
def member_of(kept: NDArray[Any], key: int, timeout: int, now: int) -> int:
    """The member that the client with this key, from 1, keeps; `NONE` after ``timeout``."""
    it = kept[_find(kept, key)]
    if it["key"] == 0 or now - it["used_ns"] >= timeout:
        return NONE
    return int(it["member"])


@kernel
def keep(kept: NDArray[Any], used: NDArray[np.int64], key: int, member: int, now: int) -> None:
    """The client has used this member now."""
    it = kept[_find(kept, key)]
    if it["key"] == 0:
        used[0] += 1
        it["key"] = key
    it["member"], it["used_ns"] = member, now
