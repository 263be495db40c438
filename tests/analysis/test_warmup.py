"""MSER-5 on series whose transient is known."""

import numpy as np
import pytest

from emu.analysis.warmup import Transient, truncation
from emu.recorder.rows import ABSENT, ROW, Outcome

MS = 1_000_000


def brute(values):
    """The definition, word by word."""
    count = len(values)
    scores = [np.sum((values[d:] - values[d:].mean()) ** 2) / (count - d) ** 2
              for d in range(count // 2 + 1)]  # fmt: skip
    return int(np.argmin(scores))


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_definition(seed):
    """For short series with a step, the least of all scores, computed one by one."""
    random = np.random.default_rng(seed)
    values = random.normal(50, 1, int(random.integers(2, 200)))
    values[: len(values) // 4] += 5
    assert truncation(values) == brute(values)


@pytest.mark.parametrize("step", [-20.0, 20.0])
@pytest.mark.parametrize("at", [40, 250])
def test_a_step_is_cut_where_it_is(step, at):
    """A level that changes by many standard deviations at a place in the first half."""
    values = np.random.default_rng(1).normal(100, 1, 1000)
    values[:at] += step
    assert abs(truncation(values) - at) <= 2


def test_what_rises_to_its_level_is_cut_when_it_is_there():
    """A queue that fills exponentially: after some time constants, long before the middle."""
    noise = np.random.default_rng(2).normal(0, 1, 4000)
    values = 100 * (1 - np.exp(-np.arange(4000) / 100)) + noise
    assert 300 < truncation(values) < 900


def test_without_a_transient_little_or_nothing_is_cut():
    """Of independent values, a few per cent in the mean."""
    cuts = [truncation(np.random.default_rng(seed).normal(9, 1, 1000)) for seed in range(100)]
    assert np.mean(cuts) < 60


def test_never_more_than_half():
    """What changes after the middle is not left out up to there."""
    values = np.random.default_rng(3).normal(100, 1, 1000)
    values[:700] += 50
    assert truncation(values) <= 500


@pytest.mark.parametrize("count", [0, 1, 2])
def test_of_next_to_nothing_nothing_is_cut(count):
    """There is no half to look in."""
    assert truncation(np.arange(count, dtype=float)) <= count // 2


def rows_of(latencies, outcomes=None):
    """Rows of requests that were meant to be sent a millisecond after one another."""
    rows = np.full(len(latencies), ABSENT, ROW)
    rows["request"] = np.arange(len(latencies))
    rows["intended_ns"] = np.arange(len(latencies)) * MS
    rows["done_ns"] = rows["intended_ns"] + latencies
    rows["outcome"] = Outcome.OK if outcomes is None else outcomes
    return rows


@pytest.mark.parametrize("chunk", [7, 1000, 10_000])
def test_the_moment_is_that_of_the_first_request_that_stays(chunk):
    """Whatever the order and the chunks in which rows come: the step after 1,000 requests is at
    one second."""
    random = np.random.default_rng(4)
    latencies = random.integers(9 * MS, 11 * MS, 6000)
    latencies[:1000] *= 8
    rows = rows_of(latencies)
    rows = rows[np.argsort(rows["done_ns"])]
    transient = Transient()
    for start in range(0, len(rows), chunk):
        transient.add(rows[start : start + chunk])
    assert transient.end() == pytest.approx(1000 * MS, abs=20 * MS)


def test_only_what_ended_ok_counts():
    """Failures take no time, or all of it; they neither hide a step nor make one."""
    latencies = np.random.default_rng(5).integers(9 * MS, 11 * MS, 5000)
    outcomes = np.full(5000, Outcome.OK, np.int64)
    latencies[:800], outcomes[:800] = 0, Outcome.REFUSED
    latencies[800:1200] *= 5
    transient = Transient()
    transient.add(rows_of(latencies, outcomes))
    assert transient.end() == pytest.approx(1200 * MS, abs=60 * MS)


def test_where_nothing_was_ok_nothing_is_cut():
    """No latency, no warm-up."""
    transient = Transient()
    transient.add(rows_of(np.zeros(100, np.int64), Outcome.REFUSED))
    assert transient.end() == 0
