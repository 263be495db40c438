"""The external load balancer: its backends, and the contract of a strategy.

A listener of a load balancer keeps one array of `BACKENDS`; a strategy picks one of them for each
request. A strategy is a module in ``strategies/`` with

- ``Options``: its options as a scenario writes them;
- ``EXAMPLE``: options as a scenario writes them, for the tests, where not all have defaults;
- ``prepare(options, backends) -> memory``: an int64 array of its own, made once for each listener;
- ``pick(backends, memory, now, key, seed, request, attempt) -> int``: a kernel that gives the index
  of a backend with ``available`` set, or -1 where there is none. It may change
  ``memory`` alone. ``now`` is the simulated time in nanoseconds, ``key`` the client's IPv4 address
  as a number, ``seed``, ``request`` and ``attempt`` key its draws;
- ``changed(backends, memory, backend)``, where it keeps an index of them: a kernel that is told of
  a backend whose ``in_flight``, ``available`` or ``weight`` is another now;
- ``FOLLOWS_WEIGHTS = True``, where its picks go by the weights that backends have at the moment, so
  that slow start is of use;
- ``BY_WEIGHT = True``, where backends get requests in proportion to their weights in the long run,
  as far as their loads allow it: what is expected of a run;
- ``answered(backends, memory, backend, now, latency)``, where it goes by response times: a kernel
  that is told of an answer or a failure, before ``changed`` is, and how many nanoseconds after the
  pick it came;
- ``most_keys(options) -> int``, where it remembers them: how many keys it has room for, which its
  option ``clients`` says;
- ``failure(memory) -> str``, where it may fail: what has failed in a run, once; empty if nothing.
- ``probe(backends, memory, endpoints, pods, reports, now, seed, request, attempt)``, where it asks
  Pods for their load: a kernel that is called after each ``pick`` and changes ``memory`` alone, for
  later picks. Such a strategy balances Pods only; `emu.hops.reports` says what they report.

``in_flight`` counts the requests that a backend was given and has not answered, those in service
included; the balancer counts, strategies read.
"""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from emu.hops.balancer import strategies
from emu.hops.balancer.backends import BACKENDS
from emu.hops.balancer.own_file import OwnForm, own_strategy
from emu.kernel import dispatcher, kernel
from emu.registry import Choice, Registry, choice

__all__ = [
    "BACKENDS", "STRATEGIES", "Strategy", "answered", "changed", "finished", "pick", "started",
]  # fmt: skip

STRATEGIES = Registry(strategies, "strategy")

FOLLOW_WEIGHTS = tuple(
    name for name, module in STRATEGIES.items() if getattr(module, "FOLLOWS_WEIGHTS", False)
)
"""The strategies that go by the weights that backends have at the moment."""

BY_WEIGHT = tuple(
    name for name, module in STRATEGIES.items() if getattr(module, "BY_WEIGHT", False)
)
"""The strategies that share requests out by weight."""

PROBING = tuple(name for name, module in STRATEGIES.items() if hasattr(module, "probe"))
"""The strategies that ask Pods for their load."""

if TYPE_CHECKING:
    Strategy: TypeAlias = Choice
else:
    Strategy = Annotated[choice(STRATEGIES), BeforeValidator(own_strategy), OwnForm()]
    """The type of a scenario's field that holds a strategy."""

pick = dispatcher("strategies", [module.pick for module in STRATEGIES.values()])
"""``pick(kind, backends, memory, now, key, seed, request, attempt)`` for any strategy, by its
number."""


@kernel
def _ignore(backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """For strategies that keep no index."""


changed = dispatcher(
    "changes", [getattr(module, "changed", _ignore) for module in STRATEGIES.values()]
)
"""``changed(kind, backends, memory, backend)`` for any strategy, by its number."""


@kernel
def _unheard(
    backends: NDArray[Any], memory: NDArray[np.int64], backend: int, now: int, latency: int
) -> None:
    """For strategies that do not go by response times."""


answered = dispatcher(
    "answers", [getattr(module, "answered", _unheard) for module in STRATEGIES.values()]
)
"""``answered(kind, backends, memory, backend, now, latency)`` for any strategy, by its number."""


@kernel
def _unasked(
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
    """For strategies that do not probe."""


probe = dispatcher("probes", [getattr(module, "probe", _unasked) for module in STRATEGIES.values()])
"""``probe(kind, backends, memory, endpoints, pods, reports, now, seed, request, attempt)`` for any
strategy, by its number."""


@kernel
def started(kind: int, backends: NDArray[Any], memory: NDArray[np.int64], backend: int) -> None:
    """The backend was given a request."""
    backends[backend]["in_flight"] += 1
    changed(kind, backends, memory, backend)


@kernel
def finished(
    kind: int,
    backends: NDArray[Any],
    memory: NDArray[np.int64],
    backend: int,
    now: int,
    latency: int,
) -> None:
    """The backend has answered a request ``latency`` nanoseconds after it was given it, or will
    not."""
    backends[backend]["in_flight"] -= 1
    answered(kind, backends, memory, backend, now, latency)
    changed(kind, backends, memory, backend)
