"""Connection tracking and source NAT on the nodes, as Linux's nf_conntrack and nf_nat do it.

Every translated connection has an entry at the node that translates it, from its SYN until some
time after its end, by the state that it ended in. An entry has two tuples, and no two entries of a
node share one of them:

- the reply's, ``(node, source, endpoint, source port)``: where it is taken, another source port is
  searched, as for every masqueraded connection;
- the original, which is that of the sender's port: when the port is used again, the entry of the
  connection before makes way.

The entries of all nodes lie in one hash table with linear probing, keyed by the reply's tuple; an
entry that expires is taken out of it, so memory is bounded by the most entries that ever lived at
once. Ends to come are kept in one queue for each timeout; they come in almost in order, so
inserting from the rear costs O(1).

Left out: what Linux does before a full table drops a packet (early_drop of connections that were
never answered, and from 95 % on of those that are over, about once a minute).

Sources: nf_conntrack-sysctl (timeouts); net/netfilter/nf_conntrack_proto_tcp.c (a SYN to an entry
in TIME_WAIT); net/netfilter/nf_nat_core.c and nf_nat_masquerade.c, with ``--random-fully`` as
kube-proxy sets it (the search for a port).
"""

from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import by_reference, embedded, inlined, kernel, prefetch
from emu.random_streams import SNAT_PORT, uniform
from emu.units import SECOND

EXPIRY = np.dtype([("key", "i8"), ("expires_ns", "i8"), ("node", "i8")])
"""An end to come; void when the entry was opened anew or ended at another time meanwhile."""


class Closing(IntEnum):
    """In which state an entry waits to expire: a queue each."""

    TIME_WAIT = 0
    """The connection ended in order."""
    CLOSE = 1
    """It was refused."""
    SYN_SENT = 2
    """It was never answered."""
    UDP = 3
    """Datagrams went to and fro for no longer than 2 s, or were not answered."""
    UDP_STREAM = 4
    """They did for longer."""


SNAT_FIRST_PORT: Final = 1024
SNAT_PORTS: Final = 65536 - SNAT_FIRST_PORT

ADMITTED: Final = 0
NO_ROOM: Final = -1
"""The node's table is full: the SYN is dropped."""
NO_PORT: Final = -2
"""No free source port was found: the SYN is dropped."""
ENLARGE: Final = -3
"""The tables want room: call `enlarged` and ask again."""

_FOREVER: Final = 2**63 - 1
_FIRST_ATTEMPTS: Final = 128
_LAST_ATTEMPTS: Final = 16
_HARDER: Final = 32
_QUEUES: Final = len(Closing)
_UDP, _UDP_STREAM = int(Closing.UDP), int(Closing.UDP_STREAM)
_UDP_STREAM_NS: Final = 2 * SECOND
_LEAST_SLOTS: Final = 1 << 10
_AHEAD: Final = 8
"""So many entries before an entry expires, the processor is told to have its slot at hand."""
# Places in `counters`.
_USED: Final = 0
_OPEN: Final = 1
_TO_COME: Final = 2
_SOONEST: Final = 3
_RINGS: Final = 4
_HEAD: Final = 5
_REAR: Final = _HEAD + _QUEUES
_COUNTERS: Final = _REAR + _QUEUES


@by_reference
class Conntrack(NamedTuple):
    """The state of all nodes' tables.

    ``keys`` int64 is the hash table, its length a power of two, 0 where a slot is empty; ``ends``
    int64 when each entry expires, which an open connection never does; ``loads`` int64 where in
    ``servers`` the connections of its endpoint are counted, of length 0 where nobody counts;
    ``expiries`` an array of `EXPIRY`, of shape (queues, n), a ring for each `Closing`, n a power of
    two; ``counters`` int64: used slots, connections that have not ended, ends to come and the
    soonest of them, how many rings were used, head and rear of each; ``live`` int64, the entries of
    each node; ``servers`` int64, the state of the virtual servers of all nodes (see
    `emu.hops.kubeproxy`): at the place in ``loads`` it has how many connections to an endpoint are
    under way, and behind it how many are over and still have an entry.
    """

    keys: NDArray[np.int64]
    ends: NDArray[np.int64]
    loads: NDArray[np.int64]
    expiries: NDArray[Any]
    counters: NDArray[np.int64]
    live: NDArray[np.int64]
    servers: NDArray[np.int64]


def empty(
    nodes: int,
    servers: NDArray[np.int64] | None = None,
    counted: bool = False,
    expected: int = 0,
) -> Conntrack:
    """Tables without entries, with room for so many; ``counted`` where loads are."""
    slots = _LEAST_SLOTS
    while _crowded(expected, slots):
        slots *= 2
    return Conntrack(
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int64),
        np.zeros(slots if counted else 0, np.int64),
        np.zeros((_QUEUES, slots), EXPIRY),
        np.zeros(_COUNTERS, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros(0, np.int64) if servers is None else servers,
    )


def enlarged(tables: Conntrack) -> Conntrack:
    """The same tables with room for more; what does not grow stays the same array."""
    keys, ends, loads, expiries = tables.keys, tables.ends, tables.loads, tables.expiries
    if _crowded(tables.counters[_USED], len(keys)):
        keys, ends = np.zeros(2 * len(keys), np.int64), np.zeros(2 * len(keys), np.int64)
        loads = np.zeros(2 * len(loads), np.int64)
        _copy(tables.keys, tables.ends, tables.loads, keys, ends, loads)
    if _overrun(tables.counters, expiries.shape[1]):
        expiries = np.zeros((_QUEUES, 2 * expiries.shape[1]), EXPIRY)
        _copy_rings(tables.expiries, expiries, tables.counters)
    return tables._replace(keys=keys, ends=ends, loads=loads, expiries=expiries)


@inlined
def _crowded(used: int, slots: int) -> bool:
    """Whether probing would take too long: from 5 of 8 slots on."""
    return bool(8 * used >= 5 * slots)


@kernel
def _copy(
    old_keys: NDArray[np.int64],
    old_ends: NDArray[np.int64],
    old_loads: NDArray[np.int64],
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    loads: NDArray[np.int64],
) -> None:
    for old in range(len(old_keys)):
        if old_keys[old] != 0:
            slot = _find(keys, old_keys[old])
            keys[slot] = old_keys[old]
            ends[slot] = old_ends[old]
            if len(loads) > 0:
                loads[slot] = old_loads[old]


@kernel
def _copy_rings(old: NDArray[Any], new: NDArray[Any], counters: NDArray[np.int64]) -> None:
    for ring in range(_QUEUES):
        for place in range(counters[_HEAD + ring], counters[_REAR + ring]):
            it = old[ring, place & (old.shape[1] - 1)]
            _put(new[ring, place & (new.shape[1] - 1)], it["key"], it["expires_ns"], it["node"])


@inlined
def entry_of(prefix: int, port: int) -> int:
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
def _delete(
    keys: NDArray[np.int64], ends: NDArray[np.int64], loads: NDArray[np.int64], hole: int
) -> None:
    """Empty a slot, and let the entries behind it that were pushed out of their places move up."""
    mask = len(keys) - 1
    slot = (hole + 1) & mask
    while keys[slot] != 0:
        if ((slot - _home(keys[slot], mask)) & mask) >= ((slot - hole) & mask):
            keys[hole] = keys[slot]
            ends[hole] = ends[slot]
            if len(loads) > 0:
                loads[hole] = loads[slot]
            hole = slot
        slot = (slot + 1) & mask
    keys[hole] = 0


@embedded
def _forget(
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    loads: NDArray[np.int64],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    servers: NDArray[np.int64],
    node: int,
    slot: int,
) -> None:
    """Take out the entry of a connection that is over."""
    if len(loads) > 0:
        servers[loads[slot] + 1] -= 1
    _delete(keys, ends, loads, slot)
    counters[_USED] -= 1
    live[node] -= 1


@embedded
def count(
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    loads: NDArray[np.int64],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    servers: NDArray[np.int64],
    now: int,
) -> None:
    """Bring the table and ``live`` up to date: take out the entries whose time has come."""
    if counters[_SOONEST] > now:
        return
    mask, soonest = expiries.shape[1] - 1, _FOREVER
    for ring in range(counters[_RINGS]):
        while counters[_HEAD + ring] < counters[_REAR + ring]:
            place = counters[_HEAD + ring] & mask
            expires = expiries[ring, place]["expires_ns"]
            if expires > now:
                soonest = min(soonest, expires)
                break
            counters[_HEAD + ring] += 1
            counters[_TO_COME] -= 1
            soon = expiries[ring, (place + _AHEAD) & mask]
            prefetch(keys, _home(soon["key"], len(keys) - 1))
            slot = _find(keys, expiries[ring, place]["key"])
            if keys[slot] != 0 and ends[slot] == expires:
                node = expiries[ring, place]["node"]
                _forget(keys, ends, loads, counters, live, servers, node, slot)
    counters[_SOONEST] = soonest


@embedded
def admit(
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    loads: NDArray[np.int64],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    servers: NDArray[np.int64],
    node: int,
    before: int,
    limit: int,
    now: int,
) -> int:
    """Whether the node tracks a new connection: `ADMITTED`, `NO_ROOM` or `ENLARGE`.

    ``before`` is the entry of the connection that had the same port at its sender, or 0: it makes
    way. ``limit`` is the node's table size.
    """
    count(keys, ends, loads, expiries, counters, live, servers, now)
    if _crowded(counters[_USED], len(keys)) or _overrun(counters, expiries.shape[1]):
        return ENLARGE
    if before != 0:
        slot = _find(keys, before)
        if keys[slot] != 0 and ends[slot] != _FOREVER:
            _forget(keys, ends, loads, counters, live, servers, node, slot)
    return ADMITTED if live[node] < limit else NO_ROOM


@embedded
def track(
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    loads: NDArray[np.int64],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    servers: NDArray[np.int64],
    node: int,
    prefix: int,
    source_port: int,
    load: int,
    evicts: bool,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """Open the entry of a connection that the node admits; its source port behind it, or `NO_PORT`.

    ``prefix`` numbers the tuple (node, source, endpoint) from 1; ``source_port`` is the packet's
    own, or 0 to have one searched as masquerading does; ``load`` is where the endpoint's
    connections are counted; ``evicts`` whether the search may take the tuple of a connection that
    is over.
    """
    port, slot = source_port, -1
    if source_port != 0:
        slot = _find(keys, entry_of(prefix, source_port))
    if source_port == 0 or keys[slot] != 0:
        port, slot = _search(keys, ends, prefix, evicts, seed, request, attempt)
        if port == NO_PORT:
            return NO_PORT
        if keys[slot] != 0:
            _forget(keys, ends, loads, counters, live, servers, node, slot)
            slot = _find(keys, entry_of(prefix, port))
    keys[slot] = entry_of(prefix, port)
    counters[_USED] += 1
    live[node] += 1
    ends[slot] = _FOREVER
    counters[_OPEN] += 1
    if len(loads) > 0:
        loads[slot] = load
        servers[load] += 1
    return port


@inlined
def _overrun(counters: NDArray[np.int64], capacity: int) -> bool:
    """Whether a ring could run over once every open connection, and one more, has ended."""
    return bool(counters[_TO_COME] + counters[_OPEN] >= capacity)


@embedded
def _search(
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    prefix: int,
    evicts: bool,
    seed: int,
    request: int,
    attempt: int,
) -> tuple[int, int]:
    """A free port and its slot, as the kernel looks for it: runs of 128, 64 ... tries from random
    places; in the last 32 of a run, that of a connection which is over will do."""
    attempts = _FIRST_ATTEMPTS
    stream = SNAT_PORT
    while True:
        offset = int(uniform(seed, stream, request, attempt) * 65536)
        for i in range(attempts):
            port = SNAT_FIRST_PORT + (offset + i) % SNAT_PORTS
            slot = _find(keys, entry_of(prefix, port))
            if keys[slot] == 0:
                return port, slot
            if evicts and attempts - i <= _HARDER and ends[slot] != _FOREVER:
                return port, slot
        if attempts < _LAST_ATTEMPTS:
            return NO_PORT, 0
        attempts //= 2
        stream += 1


@embedded
def close(
    keys: NDArray[np.int64],
    ends: NDArray[np.int64],
    loads: NDArray[np.int64],
    expiries: NDArray[Any],
    counters: NDArray[np.int64],
    live: NDArray[np.int64],
    servers: NDArray[np.int64],
    node: int,
    entry: int,
    expires: int,
    ring: int,
) -> None:
    """The connection ends, and its entry is to expire then. Called once for each one opened."""
    counters[_OPEN] -= 1
    slot = _find(keys, entry)
    ends[slot] = expires
    if len(loads) > 0:
        servers[loads[slot]] -= 1
        servers[loads[slot] + 1] += 1
    counters[_SOONEST] = min(counters[_SOONEST], expires)
    counters[_RINGS] = max(counters[_RINGS], ring + 1)
    mask = expiries.shape[1] - 1
    place = counters[_REAR + ring]
    counters[_REAR + ring] += 1
    counters[_TO_COME] += 1
    while place > counters[_HEAD + ring]:
        earlier = expiries[ring, (place - 1) & mask]
        if earlier["expires_ns"] <= expires:
            break
        _put(expiries[ring, place & mask], earlier["key"], earlier["expires_ns"], earlier["node"])
        place -= 1
    _put(expiries[ring, place & mask], entry, expires, node)


@inlined
def closing_of_datagrams(begin: int, end: int) -> int:
    """The state of a flow of datagrams whose first and last packet came then."""
    return _UDP_STREAM if end - begin > _UDP_STREAM_NS else _UDP


@embedded
def fetch(keys: NDArray[np.int64], entry: int) -> None:
    """Tell the processor to have the slot of an entry at hand."""
    prefetch(keys, _home(entry, len(keys) - 1))


@embedded
def _put(expiry: Any, key: int, expires: int, node: int) -> None:
    expiry["key"], expiry["expires_ns"], expiry["node"] = key, expires, node
