"""Distributions of durations, one file each: the contract, and their table for compiled code.

A distribution is a module with

- ``Options``: its parameters as a scenario writes them;
- ``EXAMPLE``: options as a scenario writes them, for the tests, where not all have defaults;
- ``parameters(options) -> tuple[float, ...]``: what ``draw`` needs, durations in nanoseconds;
- ``mean(options) -> float``: the exact mean in nanoseconds (``inf`` where there is none);
- ``draw(parameters, first, seed, stream, request, attempt) -> float``: a kernel that gives one
  duration in nanoseconds, at least 0; its own parameters start at ``parameters[first]``.

``Options`` that name a file find it from the ``folder`` of the validation's context, and are left
with what they read: see `emu.distributions.empirical`.

A fixed duration is itself a distribution: ``20ms`` is short for ``{constant: {value: 20ms}}``.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from emu.kernel import dispatcher, kernel
from emu.quantities import Duration
from emu.registry import Choice, Registry, choice
from emu.units import YEAR

DISTRIBUTIONS = Registry(sys.modules[__name__], "distribution")


def field_of(registry: Registry) -> Any:
    """The type of a field that holds one distribution of a registry of them."""
    return choice(
        registry, shorthand=lambda value: {"constant": {"value": value}}, shorthand_type=Duration
    )


if TYPE_CHECKING:
    Distribution: TypeAlias = Choice
else:
    Distribution = field_of(DISTRIBUTIONS)
    """The type of a scenario's field that holds a distribution."""

LONGEST = float(YEAR)
"""The longest duration that `sample` gives, in nanoseconds."""

_draw = dispatcher("distributions", [module.draw for module in DISTRIBUTIONS.values()])


def table_of(choices: Sequence[Choice]) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """All distributions of a model as one float64 array, and where in it each choice stands.

    At its place stands the number of its kind in the registry, behind it its parameters.
    """
    numbers: list[float] = []
    places = []
    for name, options in choices:
        places.append(len(numbers))
        numbers += [DISTRIBUTIONS.number(name), *DISTRIBUTIONS[name].parameters(options)]
    return np.array(numbers, np.float64), tuple(places)


def mean_of(chosen: Choice) -> float:
    """The exact mean in nanoseconds."""
    mean: float = DISTRIBUTIONS[chosen.name].mean(chosen.options)
    return mean


@kernel
def sample(
    table: NDArray[np.float64], place: int, seed: int, stream: int, request: int, attempt: int
) -> int:
    """A draw from the distribution at this place, in whole nanoseconds, from 0 to a year.

    The limit keeps sums of draws from a heavy tail inside 64 bits.
    """
    value = _draw(int(table[place]), table, place + 1, seed, stream, request, attempt)
    return int(min(value, LONGEST) + 0.5)
