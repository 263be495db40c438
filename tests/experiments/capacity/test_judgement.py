"""Verdicts on replications: how surely, and after how many."""

import numpy as np
import pytest

from emu.analysis.metrics import Metric
from emu.experiments.capacity.judgement import interval, judged, looks
from emu.experiments.capacity.objectives import Objective, parse_objectives
from emu.experiments.capacity.search import Verdict

VALUE = Metric("value", "value", "s", "a number that is its own run", lambda run: run)
BELOW_1 = Objective(VALUE, "<", 1.0, "value < 1s")


class Counted:
    """A run of so many requests, some of which failed."""

    quantile_error = 0.0

    def __init__(self, ok, failed=0):
        self.requests = self
        self.ok, self.failed = ok, failed


def test_looks_double_up_to_the_most():
    """Few replications come first, and the last look has all."""
    assert looks(24) == [3, 6, 12, 24]
    assert looks(20) == [3, 6, 12, 20]
    assert looks(2) == [2]


def test_far_from_the_bound_three_replications_tell():
    """Two per cent of spread at half and at twice the bound."""
    assert judged([BELOW_1], [0.49, 0.5, 0.51], 0.95, 24).verdict == Verdict.MEETS
    assert judged([BELOW_1], [1.96, 2.0, 2.04], 0.95, 24).verdict == Verdict.FAILS
    assert judged([BELOW_1], [0.97, 0.99, 1.01], 0.95, 24).verdict == Verdict.UNDECIDED


def test_one_replication_tells_nothing():
    """It has no interval."""
    assert judged([BELOW_1], [0.1], 0.95, 1).verdict == Verdict.UNDECIDED


def test_all_objectives_have_to_be_met():
    """One that surely is not decides; one that is in doubt leaves it in doubt."""
    runs = [0.49, 0.5, 0.51]
    failing, near = (Objective(VALUE, ">", bound, "") for bound in (1.0, 0.49))
    assert judged([BELOW_1, failing], runs, 0.95, 24).verdict == Verdict.FAILS
    doubtful = judged([BELOW_1, near], runs, 0.95, 24)
    assert (doubtful.verdict, doubtful.of_each[1]) == (Verdict.UNDECIDED, Verdict.UNDECIDED)


def test_without_an_answer_no_bound_is_kept():
    """A run in which no request was answered has no latency."""
    assert judged([BELOW_1], [None, None, None], 0.95, 24).verdict == Verdict.FAILS
    assert judged([BELOW_1], [0.5, None, 0.5], 0.95, 24).verdict == Verdict.UNDECIDED


@pytest.mark.parametrize("truth", [0.995, 1.005])
def test_a_wrong_verdict_is_as_rare_as_is_said(truth):
    """Values near the bound, looked at up to four times, are put on the wrong side in at most 2.5 %
    of 2,000 searches: the half of 5 % that a value may take."""
    random, wrong = np.random.default_rng(7), 0
    for _ in range(2000):
        values = random.normal(truth, 0.02, 24).tolist()
        for count in looks(24):
            verdict = judged([BELOW_1], values[:count], 0.95, 24).verdict
            if verdict != Verdict.UNDECIDED:
                break
        wrong += verdict == (Verdict.MEETS if truth > 1 else Verdict.FAILS)
    assert wrong <= 0.025 * 2000 + 2 * (0.025 * 2000) ** 0.5


def test_failures_that_were_not_seen_may_be_there():
    """No failure among 3,000 requests does not show that fewer than one in 1,000 fails; none among
    30,000 does."""
    objectives = parse_objectives("errors<0.1%")
    assert judged(objectives, [Counted(1000)] * 3, 0.95, 3).verdict == Verdict.UNDECIDED
    assert judged(objectives, [Counted(10_000)] * 3, 0.95, 3).verdict == Verdict.MEETS
    found = interval(objectives[0], [Counted(1000)] * 3, 0.95)
    assert (found.mean, found.low) == (0, 0)
    assert found.high == pytest.approx(3 / 3000, rel=0.01)
