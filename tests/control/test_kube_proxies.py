"""What each node believes of a Service's endpoints, and when it hears of others."""

import numpy as np
import pytest

from emu.control import kube_proxies
from tests.control.views import OBJECTS

S, MS = 1_000_000_000, 1_000_000


def test_a_change_is_heard_and_synced(story):
    """100 ms until it is heard, then the sync; at once, after a quiet time. It writes a rule for
    the Service, two for its chain, and three for each of its 3 endpoints: 50 ms + 12 * 20 us."""
    its = story()
    its.at(10, its.unready, 1)
    at = 10 + 0.1 + 0.05 + 12 * 20e-6
    assert its.synced(20) == [(at, f"node-{number}") for number in (1, 2, 3)]
    assert its.log[0][3:] == ("default/web", "0.150s after the change")


def test_rules_are_about_what_was_heard(story):
    """A node's rule leads to the Pods that were ready at the last sync, and each node has its own
    view: the slow one keeps all three for 20 s."""
    its = story(**{"propagation.nodes": {"node-1": {"sync": "20s"}}})
    rule = its.model.targets["rule"][0]
    its.at(10, its.unready, 1)
    its.run(30)
    assert its.state.rules[rule]["count"] == 3
    assert its.synced(31)[-1] == (30.1, "node-1")
    assert its.state.rules[rule]["count"] == 2


def test_what_is_heard_during_a_sync_is_synced_afterwards(story):
    """Two changes during a sync of 3 s are one more sync, which begins at its end: the token of
    the first is back by then."""
    its = story(**{"propagation.sync": "3s"})
    for at in (10, 11, 12):
        its.at(at, its.unready, at - 9)
    assert its.synced(40) == [(13.1, f"node-{n}") for n in (1, 2, 3)] + [
        (16.1, f"node-{n}") for n in (1, 2, 3)
    ]
    assert its.log[-1][4] == "5.100s after the change"


def test_hints_follow_the_pods_that_are_ready(story):
    """With PreferSameZone each node of three zones keeps to its own Pod, and to the two others
    while that is not ready: then no endpoint is for its zone."""
    objects = OBJECTS.replace("spec: {clu", "spec: {trafficDistribution: PreferSameZone, clu")
    its = story(objects=objects, nodePools=[{"name": "node", "nodes": 3, "zones": [*"abc"]}])
    rule = its.model.targets["rule"][0]
    assert its.state.rules[rule]["count"] == 1
    its.at(10, its.unready, 1)
    its.at(20, its.unready, 1, True)
    its.run(15)
    assert its.state.rules[rule]["count"] == 2
    its.run(25)
    assert its.state.rules[rule]["count"] == 1


def test_while_the_api_server_is_down_nobody_hears(story):
    """A change that the API server took just before, and one that waits for it, are heard when it
    is back: the second one by its own watch delay."""
    its = story(**{"propagation.sync": "0s"})
    its.at(10, its.unready, 1)
    its.at(10.05, its.cluster.stop_api_server)
    its.at(12, its.unready, 2)
    its.at(30, its.cluster.start_api_server)
    assert [at for at, name in its.synced(40) if name == "node-2"] == [30, 30.1]


def test_a_node_that_is_cut_off_hears_of_all_when_it_is_back(story):
    """It keeps its rules, and its lag grows, while the others go on."""
    its = story(**{"propagation.sync": "0s", "nodeLifecycle.grace": "1h"})
    its.at(5, its.cluster.cut_off, "node-2")
    its.at(10, its.unready, 1)
    its.at(40, its.cluster.rejoin, "node-2")
    its.run(30)
    assert its.cluster.kube_proxies.lag_ns().tolist() == [0, 20 * S, 0]
    assert [at for at, name in its.synced(60) if name == "node-2"] == [40.1]
    assert its.cluster.kube_proxies.lag_ns().tolist() == [0, 0, 0]


@pytest.mark.parametrize("sync", [0.5, 2, 4.9, 7, 12])
def test_share_of_stale_nodes_as_a_function_of_sync_time(story, sync):
    """Changes come each 5 s. A node is behind for the watch's 100 ms and the sync of each, so for
    (0.1 + D) / 5 of the time; with D above 4.9 s it is behind always."""
    its = story(**{"propagation.sync": f"{sync}s"})
    for turn in range(60):
        its.at(10 + 5 * turn, its.unready, 1, turn % 2 == 1)
    stale = []

    def sample():
        yield its.env.timeout(10 * S)
        while True:
            yield its.env.timeout(100 * MS)
            stale.append((its.cluster.kube_proxies.lag_ns() > 0).mean())

    its.env.process(sample())
    its.run(90)
    assert np.mean(stale) == pytest.approx(min((0.1 + sync) / 5, 1), abs=0.025)


def test_a_mode_that_has_no_least_distance(story):
    """ipvs: minSyncPeriod 0, and every sync goes through all Services and endpoints."""
    config = "---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
    its = story(more=config + "mode: ipvs\nipvs: {syncPeriod: 1h}\n")
    for at in (10, 10.2, 10.4, 10.6):
        its.at(at, its.unready, 1, at in (10.2, 10.6))
    took = 0.1 + 0.05 + (1 + 3) * 20e-6
    assert [at for at, name in its.synced(40) if name == "node-1"] == pytest.approx(
        [at + took for at in (10, 10.2, 10.4, 10.6)]
    )


def test_a_configured_distance_holds(story):
    """minSyncPeriod 10s: a third change within it waits for the end of the second sync and 10 s."""
    config = "---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
    its = story(more=config + "iptables: {minSyncPeriod: 10s}\n")
    for at in (10, 11, 12):
        its.at(at, its.unready, at - 9)
    first, second, third = [at for at, name in its.synced(60) if name == "node-1"]
    assert (first, second) == pytest.approx((10.15, 11.15), abs=0.01)
    assert third - second == pytest.approx(10.05, abs=0.01)


def test_what_all_nodes_have_applied_is_forgotten(story, monkeypatch):
    """Without a trace: nodes sync as they do where every change is remembered."""
    told = []
    for every in (1, 1000):
        monkeypatch.setattr(kube_proxies, "_FORGET_EVERY", every)
        its = story()
        for second in range(10, 60, 5):
            its.at(second, its.unready, second % 3 + 1, second % 2 == 0)
        told.append(its.run(90))
    assert told[0] == told[1]
