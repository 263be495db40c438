"""Variants of a scenario compared: means with confidence intervals, and paired differences.

Each variant is run once for each of the same seeds, so the runs of one seed meet the same arrivals
and the same demands ("common random numbers"): what they have in common is no part of their
difference, and its interval is the narrower for it. Runs of different seeds are independent, so
the intervals are Student's.

Source: A. M. Law, "Simulation modeling and analysis", 5th edition, 9.4 (replication and deletion),
10.2.1 (paired t) and 11.2 (common random numbers).
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import fmean, stdev

from pydantic import BaseModel, ConfigDict

from emu.analysis.metrics import METRICS, Metric
from emu.analysis.students_t import reach
from emu.analysis.summary import Summary


class Verdict(StrEnum):
    """What the replications say of a metric of a variant, as against the first variant's."""

    LOWER = "lower"
    """The interval of the difference is below 0."""
    HIGHER = "higher"
    """The interval of the difference is above 0."""
    EQUAL = "equal"
    """The metric is the same, exactly, in each replication."""
    NOT_SHOWN = "not_shown"
    """The interval of the difference holds 0."""
    UNKNOWN = "unknown"
    """There is no interval: fewer than two replications have the metric for both."""


class Estimate(BaseModel):
    """A mean over replications, and the interval that holds the true mean with the confidence.

    Where quantiles are not exact, the interval is as much wider as they may be off.
    """

    model_config = ConfigDict(frozen=True)

    replications: int
    """How many have the number."""
    mean: float | None = None
    """None without any."""
    low: float | None = None
    """Lower end of the interval; None with fewer than two replications."""
    high: float | None = None


class Difference(Estimate):
    """The mean of variant - first variant over the replications that have both."""

    verdict: Verdict


class Compared(BaseModel):
    """One metric of one variant."""

    model_config = ConfigDict(frozen=True)

    estimate: Estimate
    difference: Difference | None = None
    """To the first variant; None for that one itself."""


def compared(
    runs: Sequence[Sequence[Summary]], confidence: float
) -> tuple[dict[str, Compared], ...]:
    """For each variant its metrics by name, the difference to the first variant in all others.

    ``runs[variant][replication]`` are the summaries, replications in the same order of seeds.
    """
    first, *others = runs
    return (
        {metric.name: Compared(estimate=_of_one(metric, first, confidence)) for metric in METRICS},
        *(
            {
                metric.name: Compared(
                    estimate=_of_one(metric, other, confidence),
                    difference=_of_two(metric, first, other, confidence),
                )
                for metric in METRICS
            }
            for other in others
        ),
    )


def estimate(values: Sequence[float], confidence: float, error: float = 0.0) -> Estimate:
    """The mean of independent values, with Student's interval, widened by ``error`` either way."""
    count = len(values)
    if not count:
        return Estimate(replications=0)
    mean = fmean(values)
    if count == 1:
        return Estimate(replications=1, mean=mean)
    half = reach(confidence, count - 1) * stdev(values) / math.sqrt(count) + error
    return Estimate(replications=count, mean=mean, low=mean - half, high=mean + half)


def difference(
    first: Sequence[float], other: Sequence[float], confidence: float, error: float = 0.0
) -> Difference:
    """The mean of other - first, pair by pair, and what it says."""
    values = [b - a for a, b in zip(first, other, strict=True)]
    found = estimate(values, confidence, error)
    return Difference(**found.model_dump(), verdict=_verdict(found, exact=not error))


def _verdict(found: Estimate, exact: bool) -> Verdict:
    if found.low is None or found.high is None:
        return Verdict.UNKNOWN
    if exact and found.low == found.high == 0:
        return Verdict.EQUAL
    if found.high < 0:
        return Verdict.LOWER
    return Verdict.HIGHER if found.low > 0 else Verdict.NOT_SHOWN


def _of_one(metric: Metric, runs: Sequence[Summary], confidence: float) -> Estimate:
    """Over the replications that have the metric."""
    having = [(run, value) for run in runs if (value := metric.of(run)) is not None]
    error = _error(metric, [run for run, _ in having])
    return estimate([value for _, value in having], confidence, error)


def _of_two(
    metric: Metric, first: Sequence[Summary], other: Sequence[Summary], confidence: float
) -> Difference:
    """Over the replications in which both have the metric."""
    both = [
        (one, two, a, b)
        for one, two in zip(first, other, strict=True)
        if (a := metric.of(one)) is not None and (b := metric.of(two)) is not None
    ]
    error = _error(metric, [pair[0] for pair in both]) + _error(metric, [pair[1] for pair in both])
    return difference([pair[2] for pair in both], [pair[3] for pair in both], confidence, error)


def _error(metric: Metric, runs: Sequence[Summary]) -> float:
    """How far the mean over these runs may be off, because their numbers are."""
    return fmean(metric.error_of(run) for run in runs) if runs else 0.0
