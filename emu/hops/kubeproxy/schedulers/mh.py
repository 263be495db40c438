"""Maglev hashing: a sender's address and port keep their endpoint, whichever come and go.

Nearly so: see `emu.hops.maglev`. The table has 4,093 entries (``CONFIG_IP_VS_MH_TAB_INDEX`` 12).
The sum of an address and a port, modulo 2^32, is hashed: under one key for an endpoint's first
entry and for a sender's, under another for an endpoint's skip. The hash is the lower half of
SipHash-1-3, which Linux takes for HalfSipHash on 64-bit machines. kube-proxy sets ``mh-port``;
without it a sender's port would not count. Since the two are added, 10.0.0.1 with port 1025 and
10.0.0.2 with port 1024 share an endpoint. Left out: ``mh-fallback``, which kube-proxy does not set.

Source: Linux, net/netfilter/ipvs/ip_vs_mh.c, lib/siphash.c (``hsiphash``); Kubernetes,
pkg/proxy/ipvs/proxier.go (``FlagSourceHash``).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.hops import maglev
from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy.buckets import folded
from emu.hops.siphash import siphash
from emu.kernel import kernel

SIZE: Final = 4093
_ENTRY: Final = np.uint64(2654435761)
_SKIP: Final = np.uint64(2654446892)
_WORD: Final = 0xFFFFFFFF
_BYTES: Final = np.uint64(4)


@kernel
def hashed(word: int, key: np.uint64) -> int:
    """The hash of a number, modulo 2^32, under a key whose two words are the same."""
    digest = siphash(key, key, np.uint64(word & _WORD), _BYTES)
    return int(np.int64(digest & np.uint64(_WORD)))


def table(endpoints: Sequence[Endpoint], destination: str) -> NDArray[np.int64]:
    """The place of each entry's endpoint."""
    words = [folded(endpoint.address) + endpoint.port for endpoint in endpoints]
    offsets = np.array([hashed(word, _ENTRY) % SIZE for word in words], np.int64)
    skips = np.array([hashed(word, _SKIP) % (SIZE - 1) + 1 for word in words], np.int64)
    return maglev.table(offsets, skips, SIZE)


@kernel
def pick(
    memory: NDArray[np.int64], server: int, table: int, count: int, source: int, port: int
) -> int:
    """The endpoint of the entry that the source and its port fall into."""
    return int(memory[table + hashed(source + port, _ENTRY) % SIZE])
