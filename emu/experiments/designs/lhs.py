"""Latin hypercube: each path's values are cut into as many strata as there are points, and each
stratum is hit once.

The strata of a range are equal parts between its ends, on its scale; those of a list give each
value an even share. Which strata come together is random, and where in its stratum a point lies.

Source: M. D. McKay, R. J. Beckman, W. J. Conover, "A comparison of three methods for selecting
values of input variables in the analysis of output from a computer code", Technometrics 21, 1979.
"""

from collections.abc import Sequence
from typing import Any, Final

from emu.experiments.axis import Axis
from emu.random_streams import DESIGN, uniform

SAMPLES: Final = True


def points(axes: Sequence[Axis], count: int, seed: int) -> list[tuple[Any, ...]]:
    """So many points, the same ones for the same seed."""
    columns = [
        [axis.at(share) for share in _shares(count, seed, number)]
        for number, axis in enumerate(axes)
    ]
    return list(zip(*columns, strict=True))


def _shares(count: int, seed: int, axis: int) -> list[float]:
    """For each point how far along this axis it lies: one in each stratum, in random order."""
    order = [uniform(seed, DESIGN, point, 2 * axis) for point in range(count)]
    strata = sorted(range(count), key=order.__getitem__)
    return [
        (stratum + uniform(seed, DESIGN, point, 2 * axis + 1)) / count
        for point, stratum in enumerate(strata)
    ]
