"""Name resolution with a cache at each client.

A client that has no fresh answer asks, and all its requests meanwhile wait for that one answer.
The answer's addresses come in random order (CoreDNS shuffles them), the client takes the first and
keeps to it until the answer expires.

A question that nobody answers is asked again after a timeout, and in the end the name counts as
unknown; who waits then has failed, and whoever comes later asks anew. When it is asked it is taken
to be known until when nobody answers. Questions for A and AAAA that leave one socket at once race
for one conntrack entry, and one may be lost: it is asked again after the timeout.

Source: resolv.conf(5); weave.works, "Racy conntrack and DNS lookup timeouts", 2018.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.distributions import sample
from emu.kernel import kernel
from emu.random_streams import DNS_CHOICE, DNS_LATENCY, DNS_RACE, uniform

CACHE = np.dtype([("answered_ns", "i8"), ("expires_ns", "i8"), ("address", "i8")])
"""One client's entry: when its last answer came, until when it holds, and which of the domain's
addresses it gave; -1 where there was none."""

EMPTY: Final = (0, -1, 0)
"""An entry that never held an answer."""

RESOLVER = np.dtype(
    [
        ("latency", "i8"),
        ("ttl_ns", "i8"),
        ("timeout_ns", "i8"),
        ("attempts", "i8"),
        ("race", "f8"),
        ("silent_until_ns", "i8"),
    ]
)
"""How all clients resolve: the place of the distribution of answers, for how long one is kept;
after how long without an answer a question is asked again, and how often it is asked; which share
of them loses its first packet; until when nobody answers."""

UNKNOWN: Final = -1
"""In the place of an address: the name was not resolved."""


@kernel
def resolve(
    cache: NDArray[Any],
    resolver: NDArray[Any],
    client: int,
    now: int,
    addresses: int,
    table: NDArray[np.float64],
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """Nanoseconds until the client knows an address, or that there is none; which one stands in
    its cache entry, or `UNKNOWN`.

    ``addresses`` is how many the domain has, ``resolver`` one `RESOLVER`, whose distribution is in
    ``table``.
    """
    if now >= cache["expires_ns"][client]:
        _ask(cache, resolver, client, now, addresses, table, seed, request, attempt)
    wait: int = cache["answered_ns"][client] - now
    return wait if wait > 0 else 0


@kernel
def _ask(
    cache: NDArray[Any],
    resolver: NDArray[Any],
    client: int,
    now: int,
    addresses: int,
    table: NDArray[np.float64],
    seed: int,
    request: int,
    attempt: int,
) -> None:
    """Ask, and again after each timeout, as often as it may be; a failure is not kept."""
    its = resolver[0]
    asked, lost = 0, 0
    while asked < its["attempts"] and now + asked * its["timeout_ns"] < its["silent_until_ns"]:
        asked += 1
    if its["race"] > 0 and uniform(seed, DNS_RACE, request, attempt) < its["race"]:
        lost = 1
    if asked + lost >= its["attempts"]:
        cache["answered_ns"][client] = now + its["attempts"] * its["timeout_ns"]
        cache["expires_ns"][client] = cache["answered_ns"][client]
        cache["address"][client] = UNKNOWN
        return
    latency = sample(table, its["latency"], seed, DNS_LATENCY, request, attempt)
    cache["answered_ns"][client] = now + (asked + lost) * its["timeout_ns"] + latency
    cache["expires_ns"][client] = cache["answered_ns"][client] + its["ttl_ns"]
    cache["address"][client] = int(uniform(seed, DNS_CHOICE, request, attempt) * addresses)
