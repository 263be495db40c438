"""A rolling update: what is lost, and what keeps it from being lost."""

import math
from collections import Counter

import numpy as np
import pytest

from tests.scenarios.conftest import happened, lost

PAUSE = "Deployment/web.spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds"
PODS, ENDPOINTS, RATE = 4, 5, 500
PROPAGATION = (1, 1, 4)
"""Seconds until each node's rules know."""


def expected(pause):
    """Lost of one Pod."""
    return RATE / ENDPOINTS * sum(max(0, its - pause) for its in PROPAGATION) / len(PROPAGATION)


@pytest.mark.parametrize("pause", [0, 2, 3])
def test_lost_of_each_pod(whole, pause):
    """(rate / N) x max(0, propagation - preStop), in the mean over the nodes: within 3.5 standard
    deviations of such a count for each Pod, and within 3 for all."""
    run = whole("rolling-update", {PAUSE: pause})
    addresses = np.array(run.requests["endpoint_address"].to_pylist())[lost(run)]
    of_pods, one = Counter(addresses), expected(pause)
    assert len(of_pods) == PODS
    assert all(abs(count - one) < 3.5 * math.sqrt(one) for count in of_pods.values())
    assert abs(of_pods.total() - PODS * one) < 3 * math.sqrt(PODS * one)


def test_none_is_lost_with_a_pause_as_long_as_the_slowest_propagation(whole):
    """preStop 5 s, and the slowest node knows after 4 s: not one of 20,000 requests fails."""
    run = whole("rolling-update", {PAUSE: 5})
    assert len(happened(run, "pod_deleted")) == PODS
    assert run.requests.num_rows > 19_000
    assert not lost(run).any()
    assert expected(5) == 0


def test_kept_connections_lose_nothing_but_what_they_open(whole):
    """Over connections that are kept few are opened, so few are lost: a Pod that drains closes
    them with its last answer."""
    kept = {"loadBalancers[0].connections": {}}
    assert lost(whole("rolling-update", **kept)).sum() < lost(whole("rolling-update")).sum() / 2
