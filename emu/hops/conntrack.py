"""Connection tracking and source NAT on the nodes, as Linux's nf_conntrack and nf_nat do it.

Every translated connection has an entry at the node that translates it, from its SYN until some
time after its end: 120 s in TIME_WAIT, 10 s in CLOSE. A masqueraded connection needs a source port
that no live entry of this node has towards the same endpoint.

The entries of all nodes lie in one hash table with linear probing, keyed by the reply's tuple
``(node, source, endpoint, source port)``. A key whose entry has expired is free. Nothing is ever
deleted in place; `rehash` copies what lives once half of the slots have been used, so memory is
bounded by live entries. Expiries are kept in one queue for each timeout; they come in almost in
order, so inserting from the rear costs O(1).

Sources: nf_conntrack-sysctl (timeouts); net/netfilter/nf_nat_core.c and nf_nat_masquerade.c, with
``--random-fully`` as kube-proxy sets it (the search for a port).
"""

from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.random_streams import SNAT_PORT, uniform
from emu.units import SECOND

ENTRY = np.dtype([("key", "i8"), ("expires_ns", "i8")])
"""One slot: no key (0) where it was never used; an open connection never expires."""

EXPIRY = np.dtype([("key", "i8"), ("expires_ns", "i8"), ("node", "i8")])
"""An end to come; void when the entry was opened anew or ended again meanwhile."""


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
REHASH: Final = -3
"""Half of the slots have been used: call `rehash` and ask again."""

_FOREVER: Final = 2**63 - 1
_GONE: Final = 0
_FIRST_ATTEMPTS: Final = 128
_LAST_ATTEMPTS: Final = 16
_FIRST_SLOTS: Final = 1 << 10
# Places in `counters`.
_USED: Final = 0
_HEAD: Final = 1
_REAR: Final = 3
_VOID: Final = 5


class Conntrack(NamedTuple):
    """The state of all nodes' tables.

    ``slots`` is an array of `ENTRY`, its length a power of two; ``expiries`` one of `EXPIRY`, of
    shape (2, slots), a ring for each `Closing`; ``counters`` int64: used slots, head and rear of
    both rings, and how many ends in them are void; ``live`` int64, the entries of each node.
    """

    slots: NDArray[Any]
    expiries: NDArray[Any]
    counters: NDArray[np.int64]
    live: NDArray[np.int64]


def empty(nodes: int, slots: int = _FIRST_SLOTS) -> Conntrack:
    """Tables without entries."""
    return Conntrack(
        np.zeros(slots, ENTRY),
        np.zeros((len(Closing), slots), EXPIRY),
        np.zeros(6, np.int64),
        np.zeros(nodes, np.int64),
    )


def rehash(tables: Conntrack, now: int) -> Conntrack:
    """The same live entries in a table at most a quarter full; ``live`` stays the same array."""
    count(*tables, now)
    alive = tables.slots[(tables.slots["key"] != 0) & (tables.slots["expires_ns"] > now)]
    waiting = max(tables.counters[_REAR + ring] - tables.counters[_HEAD + ring] for ring in (0, 1))
    slots = _FIRST_SLOTS
    while slots < 4 * max(len(alive), waiting):
        slots *= 2
    fresh = empty(0, slots)._replace(live=tables.live)
    _copy(tables.expiries, tables.counters, alive, fresh.slots, fresh.expiries, fresh.counters)
    return fresh


@kernel
def _copy(
    old_expiries: NDArray[Any],
    old_counters: NDArray[np.int64],
    alive: NDArray[Any],
    slots: NDArray[Any],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
) -> None:
    for i in range(len(alive)):
        slot = _find(slots, alive["key"][i])
        slots["key"][slot] = alive["key"][i]
        slots["expires_ns"][slot] = alive["expires_ns"][i]
    counters[_USED] = len(alive)
    counters[_VOID] = old_counters[_VOID]
    for ring in range(2):
        for place in range(old_counters[_HEAD + ring], old_counters[_REAR + ring]):
            old = place & (old_expiries.shape[1] - 1)
            new = counters[_REAR + ring]
            counters[_REAR + ring] += 1
            expiries["key"][ring, new] = old_expiries["key"][ring, old]
            expiries["expires_ns"][ring, new] = old_expiries["expires_ns"][ring, old]
            expiries["node"][ring, new] = old_expiries["node"][ring, old]


@kernel
def _find(slots: NDArray[Any], key: int) -> int:
    """The slot that has the key, or the never used one where it would go."""
    mask = len(slots) - 1
    mixed = (key ^ (key >> 29)) * 0x2545F4914F6CDD1D
    slot = (mixed ^ (mixed >> 32)) & mask
    while slots["key"][slot] != 0 and slots["key"][slot] != key:
        slot = (slot + 1) & mask
    return slot


@kernel
def count(
    slots: NDArray[Any],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    now: int,
) -> None:
    """Bring ``live`` up to date: take leave of the entries whose time has come."""
    mask = expiries.shape[1] - 1
    for ring in range(2):
        while counters[_HEAD + ring] < counters[_REAR + ring]:
            place = counters[_HEAD + ring] & mask
            expires = expiries["expires_ns"][ring, place]
            if expires > now:
                break
            counters[_HEAD + ring] += 1
            if counters[_VOID] == 0 or _holds(
                slots, counters, expiries["key"][ring, place], expires
            ):
                live[expiries["node"][ring, place]] -= 1


@kernel
def _holds(slots: NDArray[Any], counters: NDArray[np.int64], key: int, expires: int) -> bool:
    """Whether an end still holds: asked only while some do not, for it costs a cache miss."""
    slot = _find(slots, key)
    if slots["key"][slot] != 0 and slots["expires_ns"][slot] == expires:
        slots["expires_ns"][slot] = _GONE
        return True
    counters[_VOID] -= 1
    return False


@kernel
def track(
    slots: NDArray[Any],
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
    count(slots, expiries, counters, live, now)
    size = len(slots)
    if 2 * counters[_USED] >= size or 2 * _longest(counters) >= size:
        return REHASH
    if live[node] >= limit:
        return NO_ROOM
    port = source_port
    if port == 0:
        port = _search(slots, prefix, now, seed, request, attempt)
        if port == NO_PORT:
            return NO_PORT
    key = (prefix << 16) | port
    slot = _find(slots, key)
    if slots["key"][slot] == 0:
        slots["key"][slot] = key
        counters[_USED] += 1
        live[node] += 1
    elif slots["expires_ns"][slot] <= now:
        live[node] += 1
    elif slots["expires_ns"][slot] != _FOREVER:
        counters[_VOID] += 1
    slots["expires_ns"][slot] = _FOREVER
    return port


@kernel
def _longest(counters: NDArray[np.int64]) -> int:
    first: int = counters[_REAR] - counters[_HEAD]
    second: int = counters[_REAR + 1] - counters[_HEAD + 1]
    return first if first > second else second


@kernel
def _search(
    slots: NDArray[Any], prefix: int, now: int, seed: int, request: int, attempt: int
) -> int:
    """A free port as the kernel looks for it: runs of 128, 64 ... tries from random places."""
    attempts = _FIRST_ATTEMPTS
    stream = SNAT_PORT
    while True:
        offset = int(uniform(seed, stream, request, attempt) * 65536)
        for i in range(attempts):
            port = SNAT_FIRST_PORT + (offset + i) % SNAT_PORTS
            slot = _find(slots, (prefix << 16) | port)
            if slots["key"][slot] == 0 or slots["expires_ns"][slot] <= now:
                return port
        if attempts < _LAST_ATTEMPTS:
            return NO_PORT
        attempts //= 2
        stream += 1


@kernel
def close(
    slots: NDArray[Any],
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

    Nothing happens where the entry is gone: an earlier connection from the same port, whose place
    this one took, was over before.
    """
    key = (prefix << 16) | port
    slot = _find(slots, key)
    before = slots["expires_ns"][slot]
    if before <= now:
        return
    if before != _FOREVER:
        counters[_VOID] += 1
    slots["expires_ns"][slot] = expires
    mask = expiries.shape[1] - 1
    place = counters[_REAR + ring]
    counters[_REAR + ring] += 1
    while (
        place > counters[_HEAD + ring]
        and expiries["expires_ns"][ring, (place - 1) & mask] > expires
    ):
        for_place, from_place = place & mask, (place - 1) & mask
        expiries["key"][ring, for_place] = expiries["key"][ring, from_place]
        expiries["expires_ns"][ring, for_place] = expiries["expires_ns"][ring, from_place]
        expiries["node"][ring, for_place] = expiries["node"][ring, from_place]
        place -= 1
    expiries["key"][ring, place & mask] = key
    expiries["expires_ns"][ring, place & mask] = expires
    expiries["node"][ring, place & mask] = node
