"""Rendezvous hashing: of all available backends, the one that scores highest with the client.

Backend i scores -w_i / ln(u_i), where u_i in (0, 1) is a hash of the client's address and i, and
w_i the weight. The scores' reciprocals are exponential with rate w_i, so backend i wins a share
w_i / (sum of w) of the addresses. One that goes leaves all others' clients where they are, and its
own spread by weight. A pick looks at all n backends: O(n). The hash is xxHash64 of the address with
the backend's place as its seed; no draw is made.

Source: D. G. Thaler, C. V. Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM
Transactions on Networking 6 (1998), there highest random weight; the weights after
C. Schindelhauer, G. Schomaker, "Weighted distributed hash tables", SPAA'05. Left out: keys other
than the client's address.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.xxhash import xxhash64
from emu.kernel import embedded, kernel
from emu.registry import OptionsModel

_SHIFT = np.uint64(12)
_TO_UNIT = 2.0**-52

FOLLOWS_WEIGHTS = True
BY_WEIGHT = True


class Options(OptionsModel):
    """Rendezvous hashing has no options."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """Nothing to remember."""
    return np.zeros(0, np.int64)


@embedded
def drawn(key: int, backend: int) -> float:
    """The u of a client and a backend, inside (0, 1): 52 bits of the hash and a half."""
    word = xxhash64(np.uint64(key), np.uint64(backend))
    return (float(word >> _SHIFT) + 0.5) * _TO_UNIT


@kernel
def pick(
    backends: NDArray[Any],
    memory: NDArray[np.int64],
    now: int,
    key: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """The available backend with the highest score, the first of equal ones."""
    picked, highest, its_u, its_weight = -1, 0.0, 0.0, 0.0
    for backend in range(len(backends)):
        it = backends[backend]
        if it["available"] == 0 or it["weight"] <= 0.0:
            continue
        u, weight = drawn(key, backend), it["weight"]
        # Who is behind in both is behind in the score: most logarithms need not be taken.
        if u > its_u or weight > its_weight:
            score = weight / -math.log(u)
            if score > highest:
                picked, highest, its_u, its_weight = backend, score, u, weight
    return picked
