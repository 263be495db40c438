"""Distributions of durations, one file each: the contract, and their table for compiled code.

A distribution is a module with

- ``Options``: its parameters as a scenario writes them;
- ``parameters(options) -> tuple[float, ...]``: what ``draw`` needs, durations in nanoseconds;
- ``mean(options) -> float``: the exact mean in nanoseconds (``inf`` where there is none);
- ``draw(parameters, first, seed, stream, request, attempt) -> float``: a kernel that gives one
  duration in nanoseconds; its own parameters start at ``parameters[first]``.

A fixed duration is itself a distribution: ``20ms`` is short for ``{constant: {value: 20ms}}``.
"""

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.kernel import dispatcher, kernel
from emu.registry import Choice, Registry, choice

DISTRIBUTIONS = Registry(sys.modules[__name__], "distribution")

TABLE = np.dtype([("kind", "i4"), ("first", "i4")])
"""One row a distribution in use: its number in the registry, and its first parameter."""

Distribution = choice(DISTRIBUTIONS, shorthand=lambda value: {"constant": {"value": value}})
"""The type of a scenario's field that holds a distribution."""

_draw = dispatcher("distributions", [module.draw for module in DISTRIBUTIONS.values()])


class DistributionTable(NamedTuple):
    """All distributions of a model, as compiled code reads them.

    ``rows`` is an array of `TABLE`, ``parameters`` a float64 array.
    """

    rows: NDArray[Any]
    parameters: NDArray[np.float64]


def table_of(choices: Sequence[Choice]) -> DistributionTable:
    """The table whose row i is the i-th choice."""
    rows = np.zeros(len(choices), TABLE)
    parameters: list[float] = []
    for row, (name, options) in zip(rows, choices, strict=True):
        row["kind"], row["first"] = DISTRIBUTIONS.number(name), len(parameters)
        parameters.extend(DISTRIBUTIONS[name].parameters(options))
    return DistributionTable(rows, np.array(parameters, np.float64))


def mean_of(chosen: Choice) -> float:
    """The exact mean in nanoseconds."""
    mean: float = DISTRIBUTIONS[chosen.name].mean(chosen.options)
    return mean


@kernel
def sample(
    rows: NDArray[Any],
    parameters: NDArray[np.float64],
    which: int,
    seed: int,
    stream: int,
    request: int,
    attempt: int,
) -> int:
    """A draw from the distribution in row ``which``, rounded to whole nanoseconds, at least 0."""
    kind, first = rows["kind"][which], rows["first"][which]
    value = _draw(kind, parameters, first, seed, stream, request, attempt)
    return int(value + 0.5) if value > 0.0 else 0
