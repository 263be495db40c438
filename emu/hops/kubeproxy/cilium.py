"""Maglev as Cilium has it in place of kube-proxy, for the mode ebpf.

The table is that of Cilium with its default seed: an endpoint, spelt ``[address:port/TCP,
State:active]`` without the blank, has its first entry and its skip from the two words of its
MurmurHash3, and the endpoints take turns in the order of that text. Every Service has a table, the
same on every node.

A connection's entry is not Cilium's: there it is Jenkins' hash of the source, both ports and the
protocol (not of the destination, so that a Service's addresses agree), here SipHash of the source
and its port, since the others are the same for all connections of a virtual server. With session
affinity Cilium takes 0 for the source's port. Left out: weights, protocols but TCP.

Source: Cilium, pkg/maglev/maglev.go; bpf/lib/lb.h (``lb4_select_backend_id_maglev``),
bpf/lib/hash.h.
"""

import base64
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emu.hops import maglev
from emu.hops.endpoints import Endpoint
from emu.hops.murmur3 import murmur3
from emu.hops.siphash import siphash
from emu.kernel import kernel

SIZE: Final = 16381
"""Entries of a table, by default."""

_SEED: Final = base64.b64decode("JLfvgnHc2kaSUFaI")
_KEY: Final = np.uint64(int.from_bytes(_SEED[4:]))
_BYTES: Final = np.uint64(6)
_PORT: Final = np.uint64(32)
_WORD: Final = np.uint64(0xFFFFFFFF)


def table(endpoints: Sequence[Endpoint], size: int = SIZE) -> NDArray[np.int64]:
    """The place of each entry's endpoint, whose choice is the same however they are listed."""
    texts = [f"[{endpoint}/TCP,State:active]" for endpoint in endpoints]
    order = np.array(sorted(range(len(texts)), key=texts.__getitem__), np.int64)
    seed = int.from_bytes(_SEED[:4])
    words = [murmur3(texts[place].encode(), seed) for place in order]
    offsets = np.array([first % size for first, _ in words], np.int64)
    skips = np.array([second % (size - 1) + 1 for _, second in words], np.int64)
    return order[maglev.table(offsets, skips, size)]


@kernel
def hashed(source: int, port: int) -> int:
    """A number below 2^32 for a connection, whose entry is that modulo the table's size."""
    message = (np.uint64(port) << _PORT) | np.uint64(source)
    return int(np.int64(siphash(_KEY, _KEY, message, _BYTES) & _WORD))
