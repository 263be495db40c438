"""How evenly the requests fell on nodes and Pods, against the shares that the scenario implies."""

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from emu.analysis.reading import Requests


class Share(BaseModel):
    """What one node or Pod got of the requests, as a number and as a share of all."""

    model_config = ConfigDict(frozen=True)

    requests: int
    share: float
    expected_share: float | None = None
    """What the scenario implies; None where it implies nothing."""


class Balance(BaseModel):
    """How the requests fell on some places, as against the expected shares.

    The chi-square test asks whether counts this far from the expected ones, or farther, are likely
    (``p_value``) where each request falls on its place by chance and on its own, as under random
    choice. For round robin, or a strategy that looks at the state, it only describes: counts that
    are too even give a p-value near 1, and no test is meant.
    """

    model_config = ConfigDict(frozen=True)

    chi_square: float | None = None
    """None where nothing was expected, or something came where nothing was."""
    degrees_of_freedom: int = 0
    p_value: float | None = None
    """Probability of a chi-square at least this large; None with fewer than two places."""
    jain_index: float | None = None
    """1 where all places got the same, 1/n where one of n got everything; None without requests.
    A place that neither should get a request nor got one is no part of it."""


def counts_by(requests: Requests, column: str) -> dict[str, int]:
    """Requests of each name in ``column`` that were meant to be sent after the warm-up."""
    counts = np.zeros(0, dtype=np.int64)
    for chunk in requests.chunks("intended_ns", column):
        codes = chunk[column]
        counted = (chunk["intended_ns"] >= requests.header.expected.warmup_ns) & (codes >= 0)
        more = np.bincount(codes[counted], minlength=len(requests.names[column]))
        more[: len(counts)] += counts
        counts = more
    return dict(zip(requests.names.get(column, ()), counts.tolist(), strict=False))


def shares(counts: dict[str, int], expected: dict[str, float]) -> dict[str, Share]:
    """Share of each place that should get some, in that order, then of any other that did."""
    total = sum(counts.values())
    others = [name for name, count in counts.items() if count and name not in expected]
    return {
        name: Share(
            requests=counts.get(name, 0),
            share=counts.get(name, 0) / total if total else 0.0,
            expected_share=expected.get(name),
        )
        for name in (*expected, *others)
    }


def balance(places: dict[str, Share]) -> Balance:
    """Chi-square and Jain's index over these places.

    Source: Pearson's test; R. Jain, D. Chiu, W. Hawe, "A quantitative measure of fairness and
    discrimination", DEC-TR-301, 1984.
    """
    counts = np.array([place.requests for place in places.values()], dtype=np.float64)
    expected = np.array([place.expected_share or 0.0 for place in places.values()])
    jain = jain_index(counts[(counts > 0) | (expected > 0)])
    freedom = max(0, int(np.count_nonzero(expected)) - 1)
    if not counts.sum() or not expected.sum():
        return Balance(jain_index=jain)
    if counts[expected == 0].any():
        return Balance(degrees_of_freedom=freedom, p_value=0.0, jain_index=jain)
    counts, expected = counts[expected > 0], expected[expected > 0]
    wanted = expected / expected.sum() * counts.sum()
    chi_square = float(((counts - wanted) ** 2 / wanted).sum())
    return Balance(
        chi_square=chi_square,
        degrees_of_freedom=freedom,
        p_value=chi_square_tail(chi_square, freedom) if freedom else None,
        jain_index=jain,
    )


def jain_index(counts: NDArray[np.float64]) -> float | None:
    """(sum x)^2 / (n sum x^2); None where every count is 0."""
    squares = float((counts**2).sum())
    return float(counts.sum()) ** 2 / (len(counts) * squares) if squares else None


def chi_square_tail(chi_square: float, freedom: int) -> float:
    """Probability that chi-square with ``freedom`` >= 1 degrees is at least this large.

    Source: M. Abramowitz, I. A. Stegun, "Handbook of mathematical functions", 26.4.4 and 26.4.5,
    each term from its logarithm. A finite sum, so nothing as slow to load as scipy is needed.
    """
    half = chi_square / 2
    if half == 0:
        return 1.0
    terms = (
        math.exp(power * math.log(half) - half - math.lgamma(power + 1))
        for power in (freedom / 2 - step for step in range(1, freedom // 2 + 1))
    )
    odd = math.erfc(math.sqrt(half)) if freedom % 2 else 0.0
    return min(1.0, math.fsum(terms) + odd)
