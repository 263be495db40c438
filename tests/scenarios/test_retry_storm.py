"""The retry storm: overload that outlives its cause, and what ends it."""

import numpy as np
import pytest

CALM, STORM, LATER = (0, 5), (5, 7), (30, 58)
"""Seconds of the run: before the burst, the burst, and long after it."""
PER_SECOND = 250


def told(run, seconds):
    """The share of the requests of these seconds that were answered, and their attempts."""
    at = run.requests["intended_ns"].to_numpy() / 1e9
    within = (at >= seconds[0]) & (at < seconds[1])
    first = within & (run.requests["attempt"].to_numpy() == 0)
    ok = within & (np.array(run.requests["outcome"].to_pylist()) == "ok")
    return ok.sum() / first.sum(), within.sum() / first.sum()


def load(run, seconds):
    """Attempts a second that came to the load balancer."""
    at = run.requests["lb_ns"].to_numpy() / 1e9
    return np.count_nonzero((at >= seconds[0]) & (at < seconds[1])) / (seconds[1] - seconds[0])


def test_a_burst_of_two_seconds_ends_all_answers(whole):
    """At 62 % load all are answered at once. From the burst on every attempt fails, so there are
    three of each request, three times the load, and no answer ever after."""
    run = whole("retry-storm")
    assert told(run, CALM) == (1, 1)
    assert told(run, LATER) == (0, 3)
    assert load(run, CALM) == pytest.approx(PER_SECOND, rel=0.05)
    assert load(run, LATER) == pytest.approx(3 * PER_SECOND, rel=0.05)
    assert all(pod.utilisation > 0.9 for pod in run.summary.pods.values())


def test_a_budget_ends_it(whole):
    """A retry for every fifth request and ten a second are 310/s: the Pods, which serve 400/s, come
    to the end of their backlogs, and all are answered again."""
    run = whole("retry-storm", **{"clients[0].retries.budget": {"minPerSecond": 10}})
    assert told(run, CALM) == (1, 1)
    assert told(run, (7, 15))[0] < 0.01
    answered, attempts = told(run, LATER)
    assert answered > 0.999
    assert attempts < 1.001
    sent = run.summary.requests.sent
    assert sent < run.summary.attempts.sent <= 1.2 * sent + 10 * 70


def test_without_retries_it_ends_with_the_burst(whole):
    """Who waits for the first answer has it a second after the burst, at once at most."""
    run = whole("retry-storm", **{"clients[0].retries": None})
    assert told(run, STORM)[0] > 0.9
    assert told(run, (9, 58))[0] == 1
