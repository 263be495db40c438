"""Distributions that are given by their mean and a 99 % quantile: what fits, and how it is fitted.

Where two shapes have the same ratio of p99 to mean, the one with the lighter tail is taken.
"""

from collections.abc import Callable
from typing import Final

RARE: Final = 0.01
"""The probability of a duration above p99."""


def check_spread(
    mean: int, p99: int | None, name: str, other: float | None, least: float, most: float
) -> None:
    """Raise ValueError unless one of p99 and another measure is given, and such a p99 can be.

    ``name`` is that of the other; ``least`` and ``most`` are what p99 / mean can be.
    """
    if (p99 is None) == (other is None):
        raise ValueError(f"must have exactly one of {name} and p99")
    if p99 is not None and not least <= p99 / mean <= most:
        raise ValueError(f"must have a p99 from {least:g} to {most:g} times its mean")


def fitted(rising: Callable[[float], float], low: float, high: float, value: float) -> float:
    """Where between ``low`` and ``high`` the rising function reaches the value, to the last bit."""
    while low < (middle := (low + high) / 2) < high:
        if rising(middle) < value:
            low = middle
        else:
            high = middle
    return high
