"""The look-up table of Maglev hashing: equal shares, and few changes when a backend comes or goes.

Backend i would have the entries of a table of M in the order ``offset[i] + j * skip[i] mod M``, for
j from 0. The backends take turns, in their order, and each takes the first that is still free. M is
a prime, so that every skip meets every entry; more than 100 entries a backend keep the shares
within 1 %. Of more than M backends the first M have an entry each.

Source: D. E. Eisenbud et al., "Maglev: a fast and reliable software network load balancer",
NSDI'16, section 3.4. Left out: weights.
"""

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel


def table(offsets: NDArray[np.int64], skips: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The place of each entry's backend, of one or more.

    Offsets are from 0 and skips from 1, both below ``size``.
    """
    entries = np.full(size, -1, np.int64)
    populate(offsets.copy(), skips, entries)
    return entries


@kernel
def populate(
    wanted: NDArray[np.int64], skips: NDArray[np.int64], entries: NDArray[np.int64]
) -> None:
    """Fill the entries, all -1 at first; ``wanted`` is what each backend would have next."""
    size = len(entries)
    for entry in range(size):
        backend = entry % len(wanted)
        place = wanted[backend]
        while entries[place] >= 0:
            place += skips[backend]
            if place >= size:
                place -= size
        entries[place] = backend
        wanted[backend] = place
