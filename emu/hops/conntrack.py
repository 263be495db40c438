"""Connection tracking and source NAT on the nodes, as Linux's nf_conntrack and nf_nat do it.

Every translated connection has an entry at the node that translates it, from its SYN until some
time after its end: 120 s in TIME_WAIT, 10 s in CLOSE. A masqueraded connection needs a source port
that no live entry of this node has towards the same endpoint.

The entries of all nodes lie in one hash table with linear probing, keyed by the reply's tuple
``(node, source, endpoint, source port)``; an entry that expires is taken out of it, so memory is
bounded by the most entries that ever lived at once. Ends to come are kept in one queue for each
timeout; they come in almost in order, so inserting from the rear costs O(1).

Sources: nf_conntrack-sysctl (timeouts); net/netfilter/nf_nat_core.c and nf_nat_masquerade.c, with
``--random-fully`` as kube-proxy sets it (the search for a port).
"""

from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import embedded, inlined, kernel, prefetch
from emu.random_streams import SNAT_PORT, uniform
from emu.units import SECOND

EXPIRY = np.dtype([("key", "i8"), ("expires_ns", "i8"), ("node", "i8")])
"""An end to come; void when the entry was opened anew or ended at another time meanwhile."""


class Closing(IntEnum):
    """In which state an entry waits to expire: a queue each."""

    TIME_WAIT = 0
    CLOSE = 1


TIMEOUTS_NS: Final = (120 * SECOND, 10 * SECOND)
"""How long an entry outlives its connection, by `Closing`; SYN_SENT lives as long as TIME_WAIT."""

SNAT_FIRST_PORT: Final = 1024
SNAT_PORTS: Final = 65536 - SNAT_FIRST_PORT

NO_ROOM: Final = -1
"""The node's table is full: the SYN is dropped."""
NO_PORT: Final = -2
"""No free source port was found: the SYN is dropped."""
ENLARGE: Final = -3
"""The tables want room: call `enlarged` and ask again."""

_FOREVER: Final = 2**63 - 1
_FIRST_ATTEMPTS: Final = 128
_LAST_ATTEMPTS: Final = 16
_FIRST_SLOTS: Final = 1 << 10
_AHEAD: Final = 8
"""So many entries before an entry expires, the processor is told to have its slot at hand."""
# Places in `counters`.
_USED: Final = 0
_HEAD: Final = 1
_REAR: Final = 3
_OPEN: Final = 5


class Conntrack(NamedTuple):
    """The state of all nodes' tables.

    ``keys`` int64 is the hash table, its length a power of two, 0 where a slot is empty; ``ends``
    int64 when each entry expires, which an open connection never does; ``expiries`` an array of
    `EXPIRY`, of shape (2, n), a ring for each `Closing`, n a power of two; ``counters`` int64: used
    slots, head and rear of both rings, and connections that have not ended; ``live`` int64, the
    entries of each node.
    """

    keys: NDArray[np.int64]
    ends: NDArray[np.int64]
    expiries: NDArray[Any]
    counters: NDArray[np.int64]
    live: NDArray[np.int64]


def empty(nodes: int, slots: int = _FIRST_SLOTS) -> Conntrack:
    """Tables without entries."""
    return Conntrack(
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int64),
        np.zeros((len(Closing), slots), EXPIRY),
        np.zeros(6, np.int64),
        np.zeros(nodes, np.int64),
    )


def enlarged(tables: Conntrack) -> Conntrack:
    """The same tables with room for more; ``live`` and ``counters`` stay the same arrays."""
    keys, ends, expiries, counters, live = tables
    if _crowded(counters[_USED], len(keys)):
        keys, ends = np.zeros(2 * len(keys), np.int64), np.zeros(2 * len(keys), np.int64)
        _copy(tables.keys, tables.ends, keys, ends)
    if _overrun(counters, expiries.shape[1]):
        expiries = np.zeros((len(Closing), 2 * expiries.shape[1]), EXPIRY)
        _copy_rings(tables.expiries, expiries, counters)
    return Conntrack(keys, ends, expiries, counters, live)


@inlined
def _crowded(used: int, slots: int) -> bool:
    """Whether probing would take too long: from 5 of 8 slots on."""
    return bool(8 * used >= 5 * slots)


@kernel
def _copy(
    old_keys: NDArray[np.int64],
    old_ends: NDArray[np.int64],
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> None:
    for old in range(len(old_keys)):
        if old_keys[old] != 0:
            slot = _find(keys, old_keys[old])
            keys[slot] = old_keys[old]
            ends[slot] = old_ends[old]


@kernel
def _copy_rings(old: NDArray[Any], new: NDArray[Any], counters: NDArray[np.int64]) -> None:
    for ring in range(2):
        for place in range(counters[_HEAD + ring], counters[_REAR + ring]):
            it = old[ring, place & (old.shape[1] - 1)]
            _put(new[ring, place & (new.shape[1] - 1)], it["key"], it["expires_ns"], it["node"])


@inlined
def _key(prefix: int, port: int) -> int:
    """The key of an entry: its tuple's number and the source port."""
    return (prefix << 16) | port


@embedded
def _home(key: int, mask: int) -> int:
    """The slot at which the search for a key begins."""
    mixed = (key ^ (key >> 29)) * 0x2545F4914F6CDD1D
    return (mixed ^ (mixed >> 32)) & mask


@embedded
def _find(keys: NDArray[np.int64], key: int) -> int:
    """The slot that has the key, or the empty one where it would go."""
    mask = len(keys) - 1
    slot = _home(key, mask)
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@embedded
def _delete(keys: NDArray[np.int64], ends: NDArray[np.int64], hole: int) -> None:
    """Empty a slot, and let the entries behind it that were pushed out of their places move up."""
    mask = len(keys) - 1
    slot = (hole + 1) & mask
    while keys[slot] != 0:
        if ((slot - _home(keys[slot], mask)) & mask) >= ((slot - hole) & mask):
            keys[hole] = keys[slot]
            ends[hole] = ends[slot]
            hole = slot
        slot = (slot + 1) & mask
    keys[hole] = 0


@embedded
def count(
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    now: int,
) -> None:
    """Bring the table and ``live`` up to date: take out the entries whose time has come."""
    mask = expiries.shape[1] - 1
    for ring in range(2):
        while counters[_HEAD + ring] < counters[_REAR + ring]:
            place = counters[_HEAD + ring] & mask
            expires = expiries[ring, place]["expires_ns"]
            if expires > now:
                break
            counters[_HEAD + ring] += 1
            soon = expiries[ring, (place + _AHEAD) & mask]
            prefetch(keys, _home(soon["key"], len(keys) - 1))
            slot = _find(keys, expiries[ring, place]["key"])
            if keys[slot] != 0 and ends[slot] == expires:
                _delete(keys, ends, slot)
                counters[_USED] -= 1
                live[expiries[ring, place]["node"]] -= 1


@embedded
def track(
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    node: int,
    prefix: int,
    source_port: int,
    limit: int,
    now: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """Open the entry of a new connection; its source port behind the node, or why there is none.

    ``prefix`` numbers the tuple (node, source, endpoint) from 1; ``source_port`` is the packet's
    own, or 0 to have one searched as masquerading does; ``limit`` is the node's table size.
    """
    count(keys, ends, expiries, counters, live, now)
    if _crowded(counters[_USED], len(keys)) or _overrun(counters, expiries.shape[1]):
        return ENLARGE
    if live[node] >= limit:
        return NO_ROOM
    if source_port == 0:
        port, slot = _search(keys, prefix, seed, request, attempt)
        if port == NO_PORT:
            return NO_PORT
    else:
        port, slot = source_port, _find(keys, _key(prefix, source_port))
    if keys[slot] == 0:
        keys[slot] = _key(prefix, port)
        counters[_USED] += 1
        live[node] += 1
    ends[slot] = _FOREVER
    counters[_OPEN] += 1
    return port


@inlined
def _overrun(counters: NDArray[np.int64], capacity: int) -> bool:
    """Whether a ring could run over once every open connection, and one more, has ended."""
    first: int = counters[_REAR] - counters[_HEAD]
    second: int = counters[_REAR + 1] - counters[_HEAD + 1]
    return bool(max(first, second) + counters[_OPEN] >= capacity)


@embedded
def _search(
    keys: NDArray[np.int64], prefix: int, seed: int, request: int, attempt: int
) -> tuple[int, int]:
    """A free port and its slot, as the kernel looks for it: runs of 128, 64 ... tries from random
    places."""
    attempts = _FIRST_ATTEMPTS
    stream = SNAT_PORT
    while True:
        offset = int(uniform(seed, stream, request, attempt) * 65536)
        for i in range(attempts):
            port = SNAT_FIRST_PORT + (offset + i) % SNAT_PORTS
            slot = _find(keys, _key(prefix, port))
            if keys[slot] == 0:
                return port, slot
        if attempts < _LAST_ATTEMPTS:
            return NO_PORT, 0
        attempts //= 2
        stream += 1


@embedded
def close(
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    node: int,
    prefix: int,
    port: int,
    now: int,
    expires: int,
    ring: int,
) -> None:
    """The connection ends or will end, and its entry is to expire then: later than now.

    Called once for each one opened. Nothing happens where the entry is gone: an earlier connection
    from the same port, whose place this one took, was over before.
    """
    counters[_OPEN] -= 1
    key = _key(prefix, port)
    slot = _find(keys, key)
    if keys[slot] == 0 or ends[slot] <= now:
        return
    ends[slot] = expires
    mask = expiries.shape[1] - 1
    place = counters[_REAR + ring]
    counters[_REAR + ring] += 1
    while place > counters[_HEAD + ring]:
        earlier = expiries[ring, (place - 1) & mask]
        if earlier["expires_ns"] <= expires:
            break
        _put(expiries[ring, place & mask], earlier["key"], earlier["expires_ns"], earlier["node"])
        place -= 1
    _put(expiries[ring, place & mask], key, expires, node)


@embedded
def fetch(keys: NDArray[np.int64], prefix: int, port: int) -> None:
    """Tell the processor to have the slot of an entry at hand."""
    prefetch(keys, _home(_key(prefix, port), len(keys) - 1))


@embedded
def _put(expiry: Any, key: int, expires: int, node: int) -> None:
    expiry["key"], expiry["expires_ns"], expiry["node"] = key, expires, node
