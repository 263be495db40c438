"""Prequal: of the Pods probed lately that are not hot, the one that promises the least latency.

With each request go ``probesPerRequest`` probes, to other Pods each. A Pod reports the requests in
flight at it (RIF), whoever sent them, and the latency to expect (`emu.hops.reports`). Answers that
are back are the pool: the last one of each Pod, up to ``poolSize`` of them, none for longer than
``maximumAge``. A Pod is hot if its RIF is above the ``hotQuantile`` of those in the last `WINDOW`
answers. A request goes to the one of least latency among the cold, of equals to the one of least
RIF; if all are hot, to the one of least RIF; with fewer than 2 in the pool to any, at random. Its
RIF in the pool is one more then, and after so many requests an answer is used up:

    max(1, (1 + delta) / ((1 - m / n) probesPerRequest - removedPerRequest))

with m the size of the pool and n the Pods, rounded up or down at random so that the mean is right;
without a limit where the divisor is not positive. With each request ``removedPerRequest`` answers
leave the pool, the oldest and the worst in turn: the hot one of most RIF, or, if none is hot, the
one of most latency. Rates that are not whole are spread evenly.

Source: B. Wydrowski, R. Kleinberg, S. M. Rumble, A. Archer, "Load is not what you should balance:
Introducing Prequal", NSDI'24, section 4, whose values are the defaults. There Pods are many. Here a
pool is a quarter of the available ones at the most: of 20 Pods, 16 answers would be used without
limit, and the Pod that promised least would be given all requests until it is hot.

A probe makes no event: it reads the Pod as it is when it is sent, and its answer is there
``roundTrip`` later. A real one reads half a round trip later, so answers are older here by half a
millisecond, in which RIF hardly changes. A probe costs the Pod nothing, none is lost, and up to
`UNDER_WAY` are under way at once. Left out: probing while no requests come, requests that wait for
probes (its synchronous mode), weights, and its defence against Pods that fail fast.
"""

from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.hops.balancer.available import change, count, member, members
from emu.hops.balancer.choices import MOST, another
from emu.hops.balancer.sums import SCALE
from emu.hops.reports import expected, present
from emu.kernel import kernel
from emu.quantities import Duration
from emu.random_streams import BALANCE, uniform
from emu.registry import OptionsModel

WINDOW: Final = 128
"""Answers of which the quantile is taken; how many is not published."""
UNDER_WAY: Final = 256
"""Most probes under way at once; no more are sent."""
LARGEST: Final = 64
"""The largest pool."""
PART: Final = 4
"""A pool is at most one of so many parts of the available Pods."""

_FEWEST: Final = 2
_FALLBACK: Final = BALANCE + MOST
_ROUNDING: Final = _FALLBACK + 1
_WITHOUT_LIMIT: Final = 2**62

# An answer, in the pool and under way.
_BACKEND, _RIF, _LATENCY, _BACK, _USES, _FIELDS = range(6)

# Places in the memory: options, then what changes.
_SIZE, _AGE, _TRIP, _PROBES, _REMOVED, _DELTA, _QUANTILE = range(7)
_PROBES_DUE, _REMOVED_DUE, _WORST_IS_DUE, _POOLED, _OLDEST, _SENT, _SEEN, _SEEN_NEXT = range(7, 15)
_DRAWN: Final = 15
_POOL: Final = _DRAWN + MOST
_PENDING: Final = _POOL + _FIELDS * LARGEST
_RIFS: Final = _PENDING + _FIELDS * UNDER_WAY
_SORTED: Final = _RIFS + WINDOW
_MEMBERS: Final = _SORTED + WINDOW


class Options(OptionsModel):
    """How much is probed, and what becomes of the answers."""

    pool_size: Annotated[int, Field(ge=2, le=LARGEST)] = 16
    """How many answers are kept, one of each Pod at the most."""
    probes_per_request: Annotated[float, Field(ge=0, le=MOST)] = 3
    """How many probes go with each request."""
    removed_per_request: Annotated[float, Field(ge=0, le=MOST)] = 1
    """How many answers leave the pool with each request."""
    delta: Annotated[float, Field(ge=0, le=1000)] = 1
    """By how much more the pool may gain than it loses with a request, in answers."""
    hot_quantile: Annotated[float, Field(ge=0, le=1)] = 2**-0.25
    """A Pod is hot above this quantile of RIF: at 0 always, so that RIF decides; at 1 never, so
    that latency does."""
    maximum_age: Annotated[Duration, Field(gt=0)] = 1_000_000_000
    """How long an answer is kept."""
    round_trip: Annotated[Duration, Field(ge=0)] = 1_000_000
    """How long after a probe was sent its answer is there, whatever the links."""


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The options, an empty pool, and which backends are available."""
    memory = np.zeros(_MEMBERS, np.int64)
    memory[_SIZE], memory[_AGE] = options.pool_size, options.maximum_age
    memory[_TRIP] = options.round_trip
    rates = (options.probes_per_request, options.removed_per_request, options.delta)
    for place, rate in zip((_PROBES, _REMOVED, _DELTA), rates, strict=True):
        memory[place] = int(rate * SCALE + 0.5)
    memory[_QUANTILE] = int(options.hot_quantile * SCALE + 0.5)
    return np.concatenate([memory, np.array(members(backends["available"]), np.int64)])


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come, or has gone and leaves the pool; what is in flight is no matter."""
    available = backends[backend]["available"] != 0
    change(memory[_MEMBERS:], backend, available)
    if not available:
        _forget(memory, backend)


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
    """The best in the pool; any available one where the pool is too small."""
    its = memory[_MEMBERS:]
    if count(its) == 0:
        return -1
    _receive(backends, memory, now)
    while memory[_POOLED] > 0 and now - memory[_POOL + _BACK] > memory[_AGE]:
        _remove(memory, 0)
    if memory[_POOLED] < _FEWEST:
        return int(member(its, int(uniform(seed, _FALLBACK, request, attempt) * count(its))))
    best = _best(memory, _hot_above(memory))
    chosen = memory[best + _BACKEND]
    memory[best + _RIF] += 1
    memory[best + _USES] -= 1
    if memory[best + _USES] == 0:
        _remove(memory, (best - _POOL) // _FIELDS)
    return int(chosen)


@kernel
def probe(
    backends: NDArray[Any],
    memory: NDArray[np.int64],
    endpoints: NDArray[Any],
    pods: NDArray[Any],
    reports: NDArray[np.int64],
    now: int,
    seed: int,
    request: int,
    attempt: int,
) -> None:
    """Remove what is to be removed, and probe Pods drawn without replacement."""
    memory[_REMOVED_DUE] += memory[_REMOVED]
    while memory[_REMOVED_DUE] >= SCALE:
        memory[_REMOVED_DUE] -= SCALE
        _remove_next(memory)
    memory[_PROBES_DUE] += memory[_PROBES]
    its, uses = memory[_MEMBERS:], _uses(memory)
    probes, memory[_PROBES_DUE] = memory[_PROBES_DUE] // SCALE, memory[_PROBES_DUE] % SCALE
    for k in range(min(probes, count(its))):
        backend = another(its, memory[_DRAWN:], k, seed, request, attempt)
        pod = endpoints[backends[backend]["endpoint"]]["pod"]
        if pod < 0 or memory[_SENT] == UNDER_WAY:
            continue
        at = _PENDING + _FIELDS * ((memory[_OLDEST] + memory[_SENT]) % UNDER_WAY)
        memory[_SENT] += 1
        load = present(pods, pod)
        memory[at + _BACKEND], memory[at + _RIF] = backend, load
        memory[at + _LATENCY] = expected(reports, pod, now, load)
        memory[at + _BACK] = now + memory[_TRIP]
        up = uniform(seed, _ROUNDING, request, attempt * MOST + k) < uses - int(uses)
        memory[at + _USES] = int(uses) + (1 if up else 0)


@kernel
def _room(memory: NDArray[np.int64]) -> int:
    """How many answers the pool has room for."""
    most = max(_FEWEST, count(memory[_MEMBERS:]) // PART)
    return int(min(memory[_SIZE], most))


@kernel
def _uses(memory: NDArray[np.int64]) -> float:
    """For how many requests an answer may be used."""
    share = _room(memory) / max(count(memory[_MEMBERS:]), 1)
    gained = (1.0 - share) * memory[_PROBES] - memory[_REMOVED]
    if gained <= 0.0:
        return float(_WITHOUT_LIMIT)
    return float(max(1.0, (SCALE + memory[_DELTA]) / gained))


@kernel
def _receive(backends: NDArray[Any], memory: NDArray[np.int64], now: int) -> None:
    """Put the answers that are back into the pool."""
    while memory[_SENT] > 0:
        at = _PENDING + _FIELDS * memory[_OLDEST]
        if memory[at + _BACK] > now:
            return
        memory[_OLDEST] = (memory[_OLDEST] + 1) % UNDER_WAY
        memory[_SENT] -= 1
        backend = memory[at + _BACKEND]
        if backends[backend]["available"] != 0:
            _see(memory, memory[at + _RIF])
            _forget(memory, backend)
            while memory[_POOLED] >= _room(memory):
                _remove(memory, 0)
            place = _POOL + _FIELDS * memory[_POOLED]
            for field in range(_FIELDS):
                memory[place + field] = memory[at + field]
            memory[_POOLED] += 1


@kernel
def _see(memory: NDArray[np.int64], rif: int) -> None:
    """Keep the last RIFs, in the order in which they came and in that of size."""
    seen, following = memory[_SEEN], _RIFS + memory[_SEEN_NEXT]
    if seen == WINDOW:
        place = 0
        while memory[_SORTED + place] != memory[following]:
            place += 1
        seen -= 1
        for left in range(place, seen):
            memory[_SORTED + left] = memory[_SORTED + left + 1]
    memory[following] = rif
    memory[_SEEN_NEXT] = (memory[_SEEN_NEXT] + 1) % WINDOW
    place = seen
    while place > 0 and memory[_SORTED + place - 1] > rif:
        memory[_SORTED + place] = memory[_SORTED + place - 1]
        place -= 1
    memory[_SORTED + place] = rif
    memory[_SEEN] = seen + 1


@kernel
def _hot_above(memory: NDArray[np.int64]) -> int:
    """The most RIF of a Pod that is not hot."""
    if memory[_QUANTILE] == SCALE:
        return _WITHOUT_LIMIT
    rank = (memory[_QUANTILE] * memory[_SEEN] + SCALE - 1) // SCALE
    return int(memory[_SORTED + rank - 1]) if rank > 0 else -1


@kernel
def _best(memory: NDArray[np.int64], limit: int) -> int:
    """Where the answer of the Pod is to which the next request goes."""
    best = _POOL
    for place in range(1, memory[_POOLED]):
        at = _POOL + _FIELDS * place
        if _is_better(memory, at, best, limit):
            best = at
    return best


@kernel
def _is_better(memory: NDArray[np.int64], one: int, other: int, limit: int) -> bool:
    hot, its_hot = memory[one + _RIF] > limit, memory[other + _RIF] > limit
    if hot != its_hot:
        return bool(its_hot)
    latency, its_latency = memory[one + _LATENCY], memory[other + _LATENCY]
    if not hot and latency != its_latency:
        return bool(latency < its_latency)
    return bool(memory[one + _RIF] < memory[other + _RIF])


@kernel
def _remove_next(memory: NDArray[np.int64]) -> None:
    """Remove the oldest answer and the worst in turn."""
    if memory[_POOLED] == 0:
        return
    _remove(memory, _worst(memory, _hot_above(memory)) if memory[_WORST_IS_DUE] else 0)
    memory[_WORST_IS_DUE] = 1 - memory[_WORST_IS_DUE]


@kernel
def _worst(memory: NDArray[np.int64], limit: int) -> int:
    """The place of the hot answer of most RIF; if none is hot, of the one of most latency."""
    worst, most, found_hot = 0, -1, False
    for place in range(memory[_POOLED]):
        at = _POOL + _FIELDS * place
        hot = memory[at + _RIF] > limit
        value = memory[at + _RIF] if hot else memory[at + _LATENCY]
        if (hot and not found_hot) or (hot == found_hot and value > most):
            worst, most, found_hot = place, value, hot
    return worst


@kernel
def _forget(memory: NDArray[np.int64], backend: int) -> None:
    """Remove the answer of a backend, if there is one."""
    for place in range(memory[_POOLED]):
        if memory[_POOL + _FIELDS * place + _BACKEND] == backend:
            _remove(memory, place)
            return


@kernel
def _remove(memory: NDArray[np.int64], place: int) -> None:
    """Remove the answer at a place of the pool; those behind it move up."""
    memory[_POOLED] -= 1
    for at in range(_POOL + _FIELDS * place, _POOL + _FIELDS * memory[_POOLED]):
        memory[at] = memory[at + _FIELDS]
