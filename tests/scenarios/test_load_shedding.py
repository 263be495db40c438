"""Load shedding: what Pods answer in time of a load of twice what they bear."""

import pytest

BORNE = 400 / 800
"""Two Pods of four workers of 20 ms serve 400 of the 800 requests that come in a second."""


def share(run, outcome):
    """Of all requests meant after the warm-up, those that ended so."""
    outcomes = run.summary.outcomes
    return outcomes.get(outcome, 0) / sum(outcomes.values())


def test_who_has_waited_too_long_makes_room_for_who_has_not(whole):
    """The Pods are never idle, and nearly all that they serve is in time."""
    run = whole("load-shedding")
    assert share(run, "ok") == pytest.approx(BORNE, rel=0.03)
    assert share(run, "shed") == pytest.approx(1 - BORNE, rel=0.03)
    assert all(pod.utilisation > 0.98 for pod in run.summary.pods.values())


def test_without_it_the_pods_work_for_nobody(whole):
    """They are as busy, and of a hundred requests hardly one is answered in time."""
    run = whole("load-shedding", **{"behaviours[0].queueTimeout": None})
    assert share(run, "ok") < 0.01
    assert all(pod.utilisation > 0.98 for pod in run.summary.pods.values())


def test_deadlines_alone_are_heeded_too_late(whole):
    """First come, first served, a Pod turns to requests just before their deadlines."""
    behaviour = {"workers": 4, "serviceTime": {"exponential": {"mean": "20ms"}}}
    run = whole("load-shedding", behaviours=[behaviour | {"heedsDeadlines": True}])
    assert share(run, "ok") < 0.03
