"""Student's t: how many standard errors an interval with a given confidence reaches either way.

With t = sqrt(freedom) tan(angle), the probability of a value between -t and t is a finite sum of
powers of cos(angle); bisection finds the angle. So nothing as slow to load as scipy is needed.

Source: M. Abramowitz, I. A. Stegun, "Handbook of mathematical functions", 26.7.3 and 26.7.4.
"""

import math


def reach(confidence: float, freedom: int) -> float:
    """The t for which Student's t with ``freedom`` >= 1 degrees is in [-t, t] with ``confidence``.

    Exact to nine digits and more for a confidence from 0 to 0.9999.
    """
    low, high = 0.0, math.pi / 2
    while low < (middle := (low + high) / 2) < high:
        if _central(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(high)


def _central(angle: float, freedom: int) -> float:
    """Probability of a value between -t and t."""
    squared = math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total, power = 0.0, odd
    while power <= freedom - 2 and term > 0.0:
        total += term
        power += 2
        term *= squared * (power - 1) / power
    total *= math.sin(angle)
    return (angle + total) * 2 / math.pi if odd else total
