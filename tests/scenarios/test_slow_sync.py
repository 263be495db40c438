"""kube-proxies that sync slowly: how long nodes are behind, and what that costs."""

import math

import numpy as np
import pyarrow.compute as pc
import pytest

from tests.scenarios.conftest import lost

WATCH, PERIOD = 0.1, 10
SYNC = {"node-1": 0.4, "node-2": 1.9, "node-3": 3.9, "node-4": 7.9, "node-5": 11.9}
CRASHES, PODS, RATE = 6, 6, 300
FIRST, LAST = 5, 125
"""Seconds: of the first change, and of the end of the last one's period."""


def sampled(run, metric, object_=""):
    """The samples of a series from the first change on; those before its first value are 0."""
    rows = run.metrics.filter(
        pc.and_(pc.equal(run.metrics["metric"], metric), pc.equal(run.metrics["object"], object_))
    )
    at = rows["at_ns"].to_numpy() / 1e9
    values = rows["value"].to_numpy()[(at > FIRST) & (at < LAST)]
    return np.concatenate([np.zeros(10 * (LAST - FIRST) - 1 - len(values)), values])


@pytest.mark.parametrize("node", SYNC)
def test_a_node_is_behind_for_watch_and_sync_of_each_period(whole, node):
    """Of the time, min((w + D) / T, 1): 5 to 100 %."""
    behind = sampled(whole("slow-sync"), "sync_lag_ns", node) > 0
    assert behind.mean() == pytest.approx(min((WATCH + SYNC[node]) / PERIOD, 1), abs=0.01)


def test_the_share_of_stale_nodes_is_their_mean(whole):
    """53 % with these five."""
    stale = sampled(whole("slow-sync"), "stale_nodes")
    expected = sum(min((WATCH + its) / PERIOD, 1) for its in SYNC.values()) / len(SYNC)
    assert stale.mean() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("node", SYNC)
def test_what_a_node_that_is_behind_loses(whole, node):
    """Of each crash rate / nodes / Pods x min(w + D, T): within 3.5 standard deviations."""
    run = whole("slow-sync")
    nodes = np.array(run.requests["node"].to_pylist())[lost(run)]
    expected = CRASHES * RATE / len(SYNC) / PODS * min(WATCH + SYNC[node], PERIOD)
    assert abs((nodes == node).sum() - expected) < 3.5 * math.sqrt(expected)
