"""Whether a client tries again, and when: what failed, how often, and its budget.

Two budgets are known. In a *window*, each request deposits its share of a retry, each retry takes a
whole one, and what was deposited or taken more than 10 s ago is forgotten; so many a second are
there besides. Of what is *under way*, a share of the client's attempts may be retries, and a few at
least.

Left out: that a server may say when to come again, or not to.

Sources: Finagle, ``RetryBudget`` (a leaky bucket of tokens with a time to live of 10 s, in ten
slices); Envoy, ``retry_budget`` (``budget_percent``, ``min_retry_concurrency``), and
``base_interval`` (a delay drawn from [0, (2^n - 1) base), at most ten times the base).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emu.kernel import kernel
from emu.random_streams import BACKOFF, uniform
from emu.units import SECOND

NEVER: Final = 2**62

POLICY = np.dtype(
    [
        ("attempts", "i8"),
        ("timeout_ns", "i8"),
        ("failures", "i8"),
        ("base_ns", "i8"),
        ("max_ns", "i8"),
        ("hedged", "i8"),
        ("hedge_ns", "i8"),
        ("budget", "i8"),
        ("share", "f8"),
        ("least", "f8"),
    ]
)
"""How a client's requests are tried: at most so many attempts after failures, each given up after
``timeout_ns``; after which outcomes, as bits; how long it waits before the next; as many attempts
in all where the next is sent ``hedge_ns`` after each. The kind of its budget, its share, and what
there is at least. `NEVER` where there is no such time."""

NO_BUDGET: Final = 0
WINDOW: Final = 1
UNDER_WAY: Final = 2

ONCE: Final = (1, NEVER, 0, 0, 0, 1, NEVER, NO_BUDGET, 0.0, 0.0)
"""The policy of a client that neither tries again nor asks twice."""

_SLICES: Final = 10
_SLICE_NS: Final = SECOND
_TOKEN: Final = 1000
# Places in a client's row of the budgets: the slices of the window, then these.
_SLICE: Final = _SLICES
_ACTIVE: Final = _SLICES + 1
_RETRYING: Final = _SLICES + 2
_PLACES: Final = _SLICES + 3


def empty(clients: int) -> NDArray[np.int64]:
    """The budgets of so many clients: a row each."""
    return np.zeros((clients, _PLACES), np.int64)


@kernel
def requested(
    policies: NDArray[Any], budgets: NDArray[np.int64], policy: int, client: int, now: int
) -> None:
    """The client has a new request."""
    its = policies[policy]
    if its["budget"] == WINDOW and its["share"] > 0:
        _forget(budgets, client, now)
        budgets[client, budgets[client, _SLICE] % _SLICES] += _TOKEN


@kernel
def began(budgets: NDArray[np.int64], client: int) -> None:
    """An attempt is under way."""
    budgets[client, _ACTIVE] += 1


@kernel
def ended(budgets: NDArray[np.int64], client: int, retried: int) -> None:
    """An attempt is over for the client; whether it was a retry."""
    budgets[client, _ACTIVE] -= 1
    if retried:
        budgets[client, _RETRYING] -= 1


@kernel
def dropped(budgets: NDArray[np.int64], client: int) -> None:
    """A retry that was decided on is not sent: the request is over."""
    budgets[client, _RETRYING] -= 1


@kernel
def retries(
    policies: NDArray[Any],
    budgets: NDArray[np.int64],
    policy: int,
    client: int,
    attempts: int,
    outcome: int,
    now: int,
) -> bool:
    """Whether the client tries again after this outcome, of a request that has had, or will have,
    so many ``attempts``; if so, its budget is charged."""
    its = policies[policy]
    if attempts >= its["attempts"] or (its["failures"] >> outcome) & 1 == 0:
        return False
    if its["budget"] == WINDOW and not _withdraw(its, budgets, client, now):
        return False
    if its["budget"] == UNDER_WAY:
        allowed = max(its["least"], its["share"] * budgets[client, _ACTIVE])
        if budgets[client, _RETRYING] >= allowed:
            return False
    budgets[client, _RETRYING] += 1
    return True


@kernel
def _withdraw(its: Any, budgets: NDArray[np.int64], client: int, now: int) -> bool:
    """Take a retry out of the window, if there is one."""
    _forget(budgets, client, now)
    price = _TOKEN if its["share"] == 0 else int(_TOKEN / its["share"])
    balance = int(its["least"] * _SLICES * price)
    for place in range(_SLICES):
        balance += budgets[client, place]
    if balance < price:
        return False
    budgets[client, budgets[client, _SLICE] % _SLICES] -= price
    return True


@kernel
def _forget(budgets: NDArray[np.int64], client: int, now: int) -> None:
    """Begin the slice of now, and those since the last one."""
    current = now // _SLICE_NS
    before = budgets[client, _SLICE]
    for number in range(max(before + 1, current - _SLICES + 1), current + 1):
        budgets[client, number % _SLICES] = 0
    budgets[client, _SLICE] = current


@kernel
def backoff(policies: NDArray[Any], policy: int, seed: int, request: int, attempt: int) -> int:
    """Nanoseconds from the failure of this attempt to the next."""
    its = policies[policy]
    most = min(float(its["base_ns"]) * (2.0 ** (attempt + 1) - 1.0), float(its["max_ns"]))
    return int(most * uniform(seed, BACKOFF, request, attempt))
