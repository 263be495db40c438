"""Name resolution with a cache at each client.

A client that has no fresh answer asks, and all its requests meanwhile wait for that one answer.
The answer's addresses come in random order (CoreDNS shuffles them), the client takes the first and
keeps to it until the answer expires.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.distributions import sample
from emu.kernel import kernel
from emu.random_streams import DNS_CHOICE, DNS_LATENCY, uniform

CACHE = np.dtype([("answered_ns", "i8"), ("expires_ns", "i8"), ("address", "i8")])
"""One client's entry: when its last answer came, until when it holds, and which of the domain's
addresses it gave."""

EMPTY: Final = (0, -1, 0)
"""An entry that never held an answer."""


@kernel
def resolve(
    cache: NDArray[Any],
    client: int,
    now: int,
    addresses: int,
    table: NDArray[np.float64],
    latency: int,
    ttl: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """Nanoseconds until the client knows an address; which one stands in its cache entry.

    ``addresses`` is how many the domain has, ``latency`` the place of the resolver's distribution
    in ``table``, ``ttl`` nanoseconds.
    """
    if now >= cache["expires_ns"][client]:
        answered = now + sample(table, latency, seed, DNS_LATENCY, request, attempt)
        cache["answered_ns"][client] = answered
        cache["expires_ns"][client] = answered + ttl
        choice = uniform(seed, DNS_CHOICE, request, attempt)
        cache["address"][client] = int(choice * addresses)
    wait: int = cache["answered_ns"][client] - now
    return wait if wait > 0 else 0
