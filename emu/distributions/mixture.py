"""A mixture: each duration is drawn from one of several distributions, by their weights.

For what has more than one cause: 5 ms where the cache has it, 80 ms where it has not. F is the
weighted sum of the components', and so is the mean. The third word of the draw's block decides
which component is meant, and that draws from the first two, as it would alone: so the same
requests meet the same component in all mixtures of the same weights. Source: L. Devroye,
"Non-Uniform Random Variate Generation", 1986, on composition.
"""

from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import emu.distributions as package
from emu.kernel import dispatcher, kernel
from emu.random_streams import aside
from emu.registry import Choice, OptionsModel, Registry

EXAMPLE = {
    "components": [
        {"weight": 0.9, "of": {"exponential": {"mean": "5ms"}}},
        {"weight": 0.1, "of": {"lognormal": {"mean": "80ms", "cv": 0.5}}},
    ]
}

# All distributions but this one: compiled code that may call itself is slow, and a mixture of
# mixtures is a mixture.
COMPONENTS = Registry(package, "component", but="mixture")

if TYPE_CHECKING:
    _Of: TypeAlias = Choice
else:
    _Of = package.field_of(COMPONENTS)

_draw = dispatcher("components", [module.draw for module in COMPONENTS.values()])

_PLACE = 3
"""Numbers that the parameters hold for each component."""


class Weighted(OptionsModel):
    """A component of a mixture."""

    weight: Annotated[float, Field(gt=0, le=1e9)]
    """How often it is meant, in proportion to the other weights."""
    of: _Of
    """Any distribution but a mixture."""


class Options(OptionsModel):
    """Durations of more than one kind."""

    components: Annotated[tuple[Weighted, ...], Field(min_length=1, max_length=100)]
    """Distributions and their weights."""


def parameters(options: Options) -> tuple[float, ...]:
    """How many components; the weight up to and with each, its kind, its place; their parameters.

    The weights sum to 1. A place counts from the first of these numbers.
    """
    total = sum(component.weight for component in options.components)
    head, tail = [float(len(options.components))], list[float]()
    upto = accumulate(component.weight / total for component in options.components)
    for component, share in zip(options.components, upto, strict=True):
        name, inner = component.of
        place = 1 + _PLACE * len(options.components) + len(tail)
        head += [share, COMPONENTS.number(name), place]
        tail += COMPONENTS[name].parameters(inner)
    return *head, *tail


def mean(options: Options) -> float:
    """The weighted mean of the components' means."""
    total = sum(component.weight for component in options.components)
    means = (package.mean_of(component.of) * component.weight for component in options.components)
    return sum(means) / total


@kernel
def draw(
    parameters: NDArray[np.float64], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """A draw of the component that the third word points at."""
    share, last = aside(seed, stream, request, attempt), int(parameters[first]) - 1
    entry = first + 1
    while last > 0 and share >= parameters[entry]:
        entry, last = entry + _PLACE, last - 1
    kind, place = int(parameters[entry + 1]), first + int(parameters[entry + 2])
    return float(_draw(kind, parameters, place, seed, stream, request, attempt))
