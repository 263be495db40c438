"""Whether a value meets the objectives, from its replications, as many as that takes.

After 3, 6, 12, ... replications the intervals of the mean margins are looked at, and it ends when
each is on one side of 0. That every look has a chance to mislead, and that an answer rests on two
values, is allowed for by Bonferroni's inequality: an interval has the confidence 1 - (1 -
confidence) / (2 x looks), and a failure of one of several objectives that much less again. That all
objectives are met needs no more, for each of them must be (an intersection-union test, R. L.
Berger, Technometrics 24, 1982).
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from emu.analysis.comparison import Estimate, estimate
from emu.analysis.summary import Summary
from emu.experiments.capacity.objectives import Objective
from emu.experiments.capacity.search import Verdict

FEWEST: Final = 3
"""Replications before the first look."""
_VALUES: Final = 2
"""An answer rests on it and on its neighbour."""


class Judgement(NamedTuple):
    """What so many replications say: a verdict, and of each objective its own."""

    verdict: Verdict
    of_each: tuple[Verdict, ...]


def looks(most: int) -> list[int]:
    """After how many replications one looks, of at most so many."""
    counts = [min(FEWEST, most)]
    while counts[-1] < most:
        counts.append(min(2 * counts[-1], most))
    return counts


def judged(
    objectives: Sequence[Objective], runs: Sequence[Summary], confidence: float, most: int
) -> Judgement:
    """The judgement on these replications, of at most ``most``."""
    doubt = (1 - confidence) / (_VALUES * len(looks(most)))
    surely = [_of_one(one, runs, 1 - doubt) for one in objectives]
    if all(verdict == Verdict.MEETS for verdict in surely):
        return Judgement(Verdict.MEETS, tuple(surely))
    more = [_of_one(one, runs, 1 - doubt / len(objectives)) for one in objectives]
    fails = any(verdict == Verdict.FAILS for verdict in more)
    each = tuple(
        Verdict.UNDECIDED if one == Verdict.FAILS != other else one
        for one, other in zip(surely, more, strict=True)
    )
    return Judgement(Verdict.FAILS if fails else Verdict.UNDECIDED, each)


def _of_one(objective: Objective, runs: Sequence[Summary], confidence: float) -> Verdict:
    values = [objective.metric.of(run) for run in runs]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        # Nothing was answered in a run: no bound is kept there.
        return Verdict.UNDECIDED if known else Verdict.FAILS
    found = estimate(
        [objective.margin(value) for value in known],
        confidence,
        max(objective.metric.error_of(run) for run in runs) + unseen(objective, runs, confidence),
    )
    if found.low is None or found.high is None:
        return Verdict.UNDECIDED
    if objective.is_met(found.low):
        return Verdict.MEETS
    return Verdict.UNDECIDED if objective.is_met(found.high) else Verdict.FAILS


def unseen(objective: Objective, runs: Sequence[Summary], confidence: float) -> float:
    """How large a share of failures may be where every replication has the same: the rule of three.

    Where ln(1 / (1 - confidence)) / n of all requests fail, none of n is seen to with probability
    1 - confidence. Source: J. A. Hanley, A. Lippman-Hand, JAMA 249 (1983).
    """
    values = {objective.metric.of(run) for run in runs}
    if objective.metric.name != "error_share" or len(values) > 1:
        return 0.0
    ended = sum(run.requests.ok + run.requests.failed for run in runs)
    return -math.log(1 - confidence) / ended if ended else 0.0


def interval(objective: Objective, runs: Sequence[Summary], confidence: float) -> Estimate:
    """The mean of what an objective is about, with its interval; a share's is within [0, 1]."""
    values = [value for run in runs if (value := objective.metric.of(run)) is not None]
    error = max((objective.metric.error_of(run) for run in runs), default=0.0)
    found = estimate(values, confidence, error + unseen(objective, runs, confidence))
    if objective.metric.unit != "share" or found.low is None or found.high is None:
        return found
    return found.model_copy(update={"low": max(0.0, found.low), "high": min(1.0, found.high)})
