"""The gamma distribution, by inversion: F(x) = P(shape, x / scale), the incomplete gamma function.

Its mean is shape * scale, its coefficient of variation 1 / sqrt(shape). P is a power series left of
shape + 1, and 1 - P a continued fraction right of it (NIST Digital Library of Mathematical
Functions, 8.7.1 and 8.9.2). The density of ln x is log-concave, hence ln P and ln (1 - P) are
concave in ln x, so Newton's method finds the inverse from any start. A draw takes one uniform
number and a third to half of a microsecond (4 us for a cv of 0.01), and is exact to ten digits.
"""

import math
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from emu.distributions._fitting import RARE, check_spread, fitted
from emu.kernel import inlined, kernel
from emu.quantities import Duration
from emu.random_streams import uniform
from emu.registry import OptionsModel
from emu.units import YEAR

EXAMPLE = {"mean": "20ms", "cv": 0.8}

_LEAST_CV: Final = 0.01
_CV_OF_MOST_P99: Final = 7.9497
"""With a greater cv p99 falls again: nearly all durations are next to nothing."""
_LEAST_P99, _MOST_P99 = 1.03, 28.3
_PRECISION: Final = 1e-15
_LAST_STEP: Final = 1e-7
"""Steps shrink as their squares: after one as short as this the next would not matter."""
_HUGE: Final = 1e300


class Options(OptionsModel):
    """Gamma durations, by their mean and either ``cv`` or ``p99``."""

    mean: Annotated[Duration, Field(gt=0, le=YEAR)]
    """The mean duration."""
    cv: Annotated[float, Field(ge=_LEAST_CV, le=10)] | None = None
    """The coefficient of variation: standard deviation / mean; 1 is exponential."""
    p99: Duration | None = None
    """The duration that one in a hundred exceeds."""

    @model_validator(mode="after")
    def _one_spread(self) -> "Options":
        check_spread(self.mean, self.p99, "cv", self.cv, _LEAST_P99, _MOST_P99)
        return self


def parameters(options: Options) -> tuple[float, ...]:
    """The shape, ln Gamma(shape + 1), and the scale in nanoseconds."""
    cv = options.cv if options.p99 is None else _cv_of(options.p99 / options.mean)
    assert cv is not None
    shape = 1 / cv**2
    return shape, math.lgamma(shape + 1), options.mean / shape


def _cv_of(ratio: float) -> float:
    """The cv with this p99 / mean, the smaller of two."""

    def share_above(cv: float) -> float:
        shape = 1 / cv**2
        x = shape * ratio
        term = _log_term(shape, math.lgamma(shape + 1), x)
        return math.exp(_log_upper(shape, term, x))

    return fitted(share_above, _LEAST_CV, _CV_OF_MOST_P99, RARE)


def mean(options: Options) -> float:
    """The mean itself."""
    return float(options.mean)


@kernel
def draw(
    parameters: NDArray[np.float64], first: int, seed: int, stream: int, request: int, attempt: int
) -> float:
    """The scale times the inverse of P."""
    unit = uniform(seed, stream, request, attempt)
    return float(parameters[first + 2] * _inverse(parameters[first], parameters[first + 1], unit))


@kernel
def _inverse(shape: float, log_gamma: float, unit: float) -> float:
    """Where P is ``unit``: by Newton's method, on the side that is the less likely.

    Far from the goal no step is longer than a factor of e, as the slope of a tail says little.
    """
    x = _start(shape, log_gamma, unit)
    step = 1.0 if x > 0.0 else 0.0
    while abs(step) > _LAST_STEP:
        term = _log_term(shape, log_gamma, x)
        if unit <= 0.5:
            tail = _log_lower(shape, term, x)
            step = (math.log(unit) - tail) / (shape * math.exp(term - tail))
        else:
            tail = _log_upper(shape, term, x)
            step = (tail - math.log(1.0 - unit)) / (shape * math.exp(term - tail))
        x *= math.exp(min(max(step, -1.0), 1.0))
    return x


@inlined
def _start(shape: float, log_gamma: float, unit: float) -> float:
    """The first term of the series, inverted, or the normal approximation, whichever is greater.

    The one is never above the goal, and near it on the left; the other is near it elsewhere.
    Sources: E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", PNAS 17 (1931), with
    the normal quantile of M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions",
    26.2.22.
    """
    if unit <= 0.0:
        return 0.0
    t = math.sqrt(-2.0 * math.log(min(unit, 1.0 - unit)))
    z = t - (2.30753 + 0.27061 * t) / (1.0 + t * (0.99229 + 0.04481 * t))
    if unit < 0.5:
        z = -z
    root = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * math.sqrt(shape))
    return max(math.exp((math.log(unit) + log_gamma) / shape), shape * root * root * root)


@inlined
def _log_term(shape: float, log_gamma: float, x: float) -> float:
    """ln (x^shape exp(-x) / Gamma(shape + 1)), the first term of P."""
    return shape * math.log(x) - x - log_gamma


@inlined
def _log_lower(shape: float, term: float, x: float) -> float:
    """ln P."""
    if x < shape + 1.0:
        return term + math.log(_series(shape, x))
    return math.log(1.0 - math.exp(term) * _fraction(shape, x))


@inlined
def _log_upper(shape: float, term: float, x: float) -> float:
    """ln (1 - P)."""
    if x < shape + 1.0:
        return math.log(1.0 - math.exp(term) * _series(shape, x))
    return term + math.log(_fraction(shape, x))


@inlined
def _series(shape: float, x: float) -> float:
    """P divided by its first term: 1 + x / (shape + 1) + x^2 / ((shape + 1) (shape + 2)) + ..."""
    total = summand = 1.0
    place = shape
    while summand > _PRECISION * total:
        place += 1.0
        summand *= x / place
        total += summand
    return total


@inlined
def _fraction(shape: float, x: float) -> float:
    """1 - P divided by the first term of P: a continued fraction, by Lentz's method."""
    below = x + 1.0 - shape
    inverse = 1.0 / below
    value, ratio, change, step = shape * inverse, _HUGE, 0.0, 0.0
    while abs(change - 1.0) > _PRECISION:
        step += 1.0
        above = step * (shape - step)
        below += 2.0
        inverse = 1.0 / (below + above * inverse)
        ratio = below + above / ratio
        change = ratio * inverse
        value *= change
    return value
