"""Zones: who keeps to them, and what the way to another one costs."""

import numpy as np
import pytest
from scipy import stats

PREFERRED = "Service/web.spec.trafficDistribution"
POLICY = "Service/web.spec.externalTrafficPolicy"
ZONE_A = ("default/web-0", "default/web-3")


def test_a_zone_with_60_percent_of_the_load_and_a_third_of_the_pods(whole):
    """Its Pods get 1.8 times the mean and are 90 % busy, those elsewhere 0.6 times."""
    pods = whole("zone-overload").summary.pods
    mean = sum(pod.requests for pod in pods.values()) / len(pods)
    for name, pod in pods.items():
        assert pod.requests / mean == pytest.approx(1.8 if name in ZONE_A else 0.6, rel=0.05)
        assert pod.utilisation == pytest.approx(0.9 if name in ZONE_A else 0.3, rel=0.05)


def test_spread_over_all_zones_every_pod_gets_the_mean(whole):
    """Then half of each is used, and a request of zone a takes a third of the time at most."""
    hinted, spread = whole("zone-overload"), whole("zone-overload", {PREFERRED: None})
    pods = [pod.requests for pod in spread.summary.pods.values()]
    assert max(pods) / np.mean(pods) < 1.05
    assert latency(spread, client="zone-a") < latency(hinted, client="zone-a") / 3


def latency(run, **where):
    """The mean time of the requests with these values in their columns, in seconds."""
    rows = run.requests
    which = np.ones(rows.num_rows, bool)
    for column, value in where.items():
        which &= np.array(rows[column].to_pylist()) == value
    return np.nanmean((rows["done_ns"].to_numpy() - rows["intended_ns"].to_numpy())[which]) / 1e9


@pytest.mark.parametrize(("node", "local"), [("node-1", 2), ("node-2", 2), ("node-3", 1),
                                             ("node-4", 1)])  # fmt: skip
def test_the_share_that_goes_on_to_another_node(whole, node, local):
    """1 - local / total of the node's Pods."""
    rows = whole("extra-hop").requests
    cross = np.array(rows["cross_node"].to_pylist())[np.array(rows["node"].to_pylist()) == node]
    cross = cross[cross != None].astype(bool)  # noqa: E711 - where the run ended first
    assert stats.binomtest(int(cross.sum()), len(cross), 1 - local / 6).pvalue > 1e-3


def test_latency_has_two_modes(whole):
    """Four packets, 1 ms more each: the way to the other zone takes 4 ms, less 0.1 ms for each
    within the zone; no request takes a time between, but for its service."""
    run = whole("extra-hop")
    there, here = (latency(run, outcome="ok", cross_zone=cross) for cross in (True, False))
    assert there - here == pytest.approx(0.0041, abs=0.0002)
    took = run.requests["pod_ns"].to_numpy() - run.requests["node_ns"].to_numpy()
    cross = np.array(run.requests["cross_zone"].to_pylist()) == True  # noqa: E712 - or None
    assert np.nanmin(took[cross]) > np.nanmax(took[~cross]) + 2_000_000


def test_what_takes_the_second_mode_away(whole):
    """Keeping to the zone, or to the node."""
    near = whole("extra-hop", {PREFERRED: "PreferSameZone"})
    assert True not in near.requests["cross_zone"].to_pylist()
    assert True in near.requests["cross_node"].to_pylist()
    local = whole("extra-hop", {POLICY: "Local"})
    assert True not in local.requests["cross_node"].to_pylist()
