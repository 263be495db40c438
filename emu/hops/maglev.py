"""The look-up table of Maglev hashing: shares by weight, few changes when a backend comes or goes.

Backend i would have the entries of a table of M in the order ``offset[i] + j * skip[i] mod M``, for
j from 0. The backends take turns, in their order, and each takes the first that is still free. M is
a prime, so that every skip meets every entry; more than 100 entries a backend keep the shares
within 1 %. Of more than M backends the first M have an entry each.

With weights, a backend that has k entries sits out turn t where ``t * w < k * max w``: it takes an
entry in about w of max w turns.

Source: D. E. Eisenbud et al., "Maglev: a fast and reliable software network load balancer",
NSDI'16, section 3.4; the weights after Envoy,
source/extensions/load_balancing_policies/maglev/maglev_lb.cc.
"""

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel


def table(offsets: NDArray[np.int64], skips: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The place of each entry's backend, of one or more of equal weight.

    Offsets are from 0 and skips from 1, both below ``size``.
    """
    entries = np.full(size, -1, np.int64)
    taken = np.zeros(len(offsets), np.int64)
    populate(np.ones(len(offsets)), offsets.copy(), skips, taken, entries)
    return entries


@kernel
def populate(
    weights: NDArray[np.float64],
    wanted: NDArray[np.int64],
    skips: NDArray[np.int64],
    taken: NDArray[np.int64],
    entries: NDArray[np.int64],
) -> None:
    """Fill the entries, all -1 at first; ``wanted`` is what each backend would have next.

    ``taken``, 0 at first, counts its entries. A weight of 0 gets none; where all are 0, the entries
    stay -1.
    """
    size, filled, turn, most = len(entries), 0, 0, 0.0
    for backend in range(len(weights)):
        most = max(most, weights[backend])
    while filled < size and most > 0.0:
        turn += 1
        for backend in range(len(weights)):
            weight = weights[backend]
            if weight <= 0.0 or turn * weight < taken[backend] * most:
                continue
            place = wanted[backend]
            while entries[place] >= 0:
                place += skips[backend]
                if place >= size:
                    place -= size
            entries[place] = backend
            wanted[backend] = place
            taken[backend] += 1
            filled += 1
            if filled == size:
                break
