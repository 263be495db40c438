"""Grid: every combination of the values, those of the last path changing first."""

from collections.abc import Sequence
from itertools import product
from typing import Any, Final

from emu.experiments.axis import Axis

SAMPLES: Final = False


def points(axes: Sequence[Axis], count: int, seed: int) -> list[tuple[Any, ...]]:
    """All combinations."""
    return list(product(*(axis.values for axis in axes)))
