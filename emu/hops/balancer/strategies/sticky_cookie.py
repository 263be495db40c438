"""Sticky cookie: a client's cookie names its backend; one without is given one by a fallback.

While the backend that the cookie names is available, the client gets it. Else the fallback picks
one, in turn or at random, and its cookie takes the place of the old one, as where the cookie is
older than ``maxAge``, counted from when it was given. A client is an address, as a browser with its
cookies. Source: HAProxy, ``cookie insert`` with ``maxlife``; the persistent sticky sessions of
ingress-nginx. Left out: ``maxidle``; weights; cookies that are lost; and that a client has its
cookie with the first answer only, so that requests before that are balanced each by itself.

Cookies are rows of a hash table with linear probing, at most half full.
"""

from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from emu.hops.balancer.available import change, members
from emu.hops.balancer.choices import with_replacement
from emu.kernel import kernel
from emu.quantities import Duration
from emu.registry import OptionsModel

_FALLBACKS: Final = ("round_robin", "random")

# Places in the memory; behind them the available backends, then the cookies.
_RANDOM: Final = 0
_TURN: Final = 1
_MAX_AGE: Final = 2
_BITS: Final = 3
_HEAD: Final = 4

# Columns of a cookie: the key and 1, so that 0 is nobody's; the backend; when it was given.
_KEY: Final = 0
_BACKEND: Final = 1
_SINCE: Final = 2
_COLUMNS: Final = 3

_MULTIPLIER: Final = 0x1E3779B1
_WORD: Final = 32


class Options(OptionsModel):
    """How clients get their cookies."""

    fallback: Literal["round_robin", "random"] = "round_robin"
    """How a backend is picked for a client without a cookie, or with one that holds no more."""
    max_age: Annotated[Duration, Field(gt=0)] | None = None
    """How long a cookie holds from when it was given; for ever where nothing is said."""
    clients: Annotated[int, Field(ge=1, le=4_000_000)] = 65_536
    """Cookies that there is room for: at least as many as clients have addresses."""


def most_keys(options: Options) -> int:
    """As many clients have cookies."""
    return options.clients


def prepare(options: Options, backends: NDArray[Any]) -> NDArray[np.int64]:
    """The options and whose turn it is, which backends are available, and no cookies yet."""
    bits = (options.clients - 1).bit_length() + 1
    head = [_FALLBACKS.index(options.fallback), 0, options.max_age or 0, bits]
    cookies = np.zeros(_COLUMNS << bits, np.int64)
    return np.concatenate([head, members(backends["available"]), cookies])


@kernel
def changed(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend has come or gone, or has more or fewer requests, which is no matter."""
    it, end = backends[backend], _HEAD + 1 + 2 * len(backends)
    change(memory[_HEAD:end], backend, it["available"] != 0)


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
    """The backend of the client's cookie, or a new one."""
    row = _row(memory, _HEAD + 1 + 2 * len(backends), key)
    if row >= 0 and memory[row + _KEY] != 0:
        backend, age = memory[row + _BACKEND], now - memory[row + _SINCE]
        holds = memory[_MAX_AGE] == 0 or age < memory[_MAX_AGE]
        if holds and backends[backend]["available"] != 0:
            return int(backend)
    backend = _fallback(backends, memory, seed, request, attempt)
    if row >= 0 and backend >= 0:
        memory[row + _KEY], memory[row + _BACKEND] = key + 1, backend
        memory[row + _SINCE] = now
    return int(backend)


@kernel
def _row(memory: NDArray[np.int64], first: int, key: int) -> int:
    """Where the client's cookie stands, or is to stand; -1 where there is no room for it."""
    bits = memory[_BITS]
    rows = 1 << bits
    row = (key * _MULTIPLIER & 0xFFFFFFFF) >> (_WORD - bits)
    for _ in range(rows >> 1):
        place = first + _COLUMNS * row
        if memory[place + _KEY] == key + 1 or memory[place + _KEY] == 0:
            return int(place)
        row = row + 1 if row + 1 < rows else 0
    return -1


@kernel
def _fallback(
    backends: NDArray[Any], memory: NDArray[np.int64], seed: int, request: int, attempt: int
) -> int:
    """A backend for a client without a cookie that holds."""
    count = len(backends)
    if memory[_RANDOM] != 0:
        there = memory[_HEAD : _HEAD + 1 + 2 * count]
        return with_replacement(there, 0, seed, request, attempt)
    backend = memory[_TURN]
    for _ in range(count):
        following = backend + 1 if backend + 1 < count else 0
        if backends[backend]["available"] != 0:
            memory[_TURN] = following
            return int(backend)
        backend = following
    return -1
