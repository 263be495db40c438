"""How sure a run's own numbers are: 95 % intervals, from its batches."""

from typing import Final

from pydantic import BaseModel, ConfigDict

from emu.analysis.batch_means import (
    CONFIDENCE,
    Interval,
    mean_interval,
    quantile_interval,
    share_interval,
)
from emu.analysis.batches import Batches
from emu.analysis.log_linear import together
from emu.units import SECOND

MEAN: Final = "mean"
QUANTILES: Final = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p99.9": 999}
"""The quantiles that have intervals, in per mille."""


class ShareOfAttempts(Interval):
    """A share of the attempts of the requests that count, and its interval."""

    share: float


class Intervals(BaseModel):
    """The intervals of a run's numbers, each of what the summary says of the same name."""

    model_config = ConfigDict(frozen=True)

    confidence: float = CONFIDENCE
    """How often such an interval holds the true value."""
    batches: int
    """How many batches of the run they are from."""
    latency_seconds: dict[str, Interval]
    """Of the mean and the quantiles of latency, by their names there."""
    ok_share: Interval
    """Of the share of the requests that ended ``ok``."""
    outcomes: dict[str, ShareOfAttempts]
    """Of the share of each outcome; all are of requests meant to be sent after the warm-up."""


def intervals_of(batches: Batches) -> Intervals:
    """The intervals that these batches give."""
    latency, ok = batches.latency, batches.outcomes.get("ok", 0 * batches.requests)
    whole = together(latency)
    attempts = sum(batches.outcomes.values(), 0 * batches.requests)
    return Intervals(
        batches=len(batches.requests),
        latency_seconds={
            MEAN: mean_interval(latency, SECOND),
            **{
                name: quantile_interval(latency, whole, permille, SECOND)
                for name, permille in QUANTILES.items()
            },
        },
        ok_share=share_interval(ok, batches.requests),
        outcomes={
            name: ShareOfAttempts(
                share=int(counts.sum()) / int(attempts.sum()),
                **share_interval(counts, attempts).model_dump(),
            )
            for name, counts in sorted(batches.outcomes.items())
            if counts.any()
        },
    )
