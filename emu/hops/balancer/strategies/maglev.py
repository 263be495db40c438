"""Maglev: the client's entry of a table in which each available backend has its share of entries.

The entry is a hash of the client's address modulo the table's size. The table is made anew when a
backend comes or goes, in O(size) steps or more: that is rare. When one of 100 backends goes, 1 % of
the entries are its own, and some 0.6 % more change hands. For the table and its weights see
`emu.hops.maglev`, with Envoy's size. A pick takes O(1), and nothing is drawn.

Source: D. E. Eisenbud et al., NSDI'16; Envoy,
source/extensions/load_balancing_policies/maglev/maglev_lb.cc. Envoy hashes the texts of addresses
with xxHash64, here the same hashes numbers: a backend's place gives its offset under the seed 0 and
its skip under 1. Left out: keys other than the client's address, and another backend for a retry.
"""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from emu.hops.maglev import populate
from emu.hops.xxhash import xxhash64
from emu.kernel import kernel
from emu.registry import OptionsModel

# The tests make many tables, and Envoy's takes a while without the JIT.
EXAMPLE = {"tableSize": 1009}

_OFFSET = np.uint64(0)
_SKIP = np.uint64(1)
_COLUMNS = 5

FOLLOWS_WEIGHTS = True
BY_WEIGHT = True


def _prime(size: int) -> int:
    if any(size % divisor == 0 for divisor in range(2, int(size**0.5) + 1)):
        raise ValueError("must be a prime number")
    return size


class Options(OptionsModel):
    """The table's size."""

    table_size: Annotated[int, Field(ge=2, le=5_000_011), AfterValidator(_prime)] = 65_537
    """How many entries the table has: a prime, best above a hundred times the backends."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """Five numbers of each backend, column by column, and then the table.

    The columns are the weight in the table (as bits, 0 where it is not available), the offset, the
    skip, and room for the two that `populate` counts with.
    """
    count = len(backends)
    memory = np.zeros(_COLUMNS * count + options.table_size, np.int64)
    for backend in range(count):
        number = np.uint64(backend)
        offset, skip = int(xxhash64(number, _OFFSET)), int(xxhash64(number, _SKIP))
        memory[count + backend] = offset % options.table_size
        memory[2 * count + backend] = skip % (options.table_size - 1) + 1
    memory[:count].view(np.float64)[:] = np.where(
        backends["available"] != 0, backends["weight"], 0.0
    )
    _renew(memory, count)
    return memory


@kernel
def _renew(memory: NDArray[np.int64], count: int) -> None:
    """Make the table anew."""
    weights = memory[:count].view(np.float64)
    offsets, skips = memory[count : 2 * count], memory[2 * count : 3 * count]
    wanted, taken = memory[3 * count : 4 * count], memory[4 * count : 5 * count]
    entries = memory[5 * count :]
    for backend in range(count):
        wanted[backend], taken[backend] = offsets[backend], 0
    for entry in range(len(entries)):
        entries[entry] = -1
    populate(weights, wanted, skips, taken, entries)


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come or gone, or has more or fewer requests, which is no matter."""
    count, it = len(backends), backends[backend]
    weights = memory[:count].view(np.float64)
    weight = it["weight"] if it["available"] != 0 else 0.0
    if weights[backend] != weight:
        weights[backend] = weight
        _renew(memory, count)


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
    """The backend of the client's entry."""
    first = _COLUMNS * len(backends)
    entries = np.uint64(len(memory) - first)
    return int(memory[first + np.int64(xxhash64(np.uint64(key), _OFFSET) % entries)])
