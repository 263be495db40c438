"""How the cluster finds out that a node is gone."""

import numpy as np
import pytest


def events(its, seconds, *kinds):
    """What happened of these kinds: when, what, and to whom."""
    return [(at, kind, name) for at, kind, name, *_ in its.run(seconds) if kind in kinds]


def pods(its):
    """Which Pods are ready, by the API server."""
    return [pod.ready for pod in its.cluster.api.pods.values()]


@pytest.mark.parametrize("grace", [40, 50])
def test_a_silent_node_is_not_ready_after_the_grace_period(story, grace):
    """Its last heartbeat was up to 10 s before, and the controller looks each 5 s."""
    its = story(**{"nodeLifecycle.grace": f"{grace}s"})
    its.at(101, its.cluster.cut_off, "node-2")
    ((at, *event),) = events(its, 300, "node_not_ready")
    assert event == ["node_not_ready", "node-2"]
    assert 101 + grace - 10 < at < 101 + grace + 5
    assert at % 5 == 0
    assert pods(its) == [True, False, True]


def test_when_nodes_are_found_out(story):
    """Of many nodes, in the mean half a heartbeat sooner and half a look later than the grace
    period."""
    its = story(**{"nodePools[0].nodes": 150})
    for number in range(1, 151):
        its.at(101 + number / 30, its.cluster.cut_off, f"node-{number}")
    times = [at - 101 - int(name[5:]) / 30 for at, _, name in events(its, 300, "node_not_ready")]
    assert len(times) == 150
    assert np.mean(times) == pytest.approx(50 - 10 / 2 + 5 / 2, abs=1)


def test_a_short_silence_is_not_noticed(story):
    """Silent for 35 s, and its Pods stay endpoints."""
    its = story()
    its.at(100, its.cluster.cut_off, "node-2")
    its.at(135, its.cluster.rejoin, "node-2")
    assert events(its, 300, "node_not_ready", "node_ready") == []


def test_a_node_that_is_back_is_ready_at_its_next_heartbeat(story):
    """At most 10 s later; what its Pods are its kubelet says."""
    its = story()
    its.at(100, its.cluster.cut_off, "node-2")
    its.at(200, its.cluster.rejoin, "node-2")
    _, (at, kind, name) = events(its, 300, "node_not_ready", "node_ready")
    assert (kind, name) == ("node_ready", "node-2")
    assert 200 < at <= 210


def test_its_pods_are_evicted_after_their_toleration(story):
    """300 s after the node is not ready, and terminate from then on; nobody else's do."""
    its = story()
    its.at(100, its.cluster.cut_off, "node-2")
    (lost, *_), (evicted, _, pod) = events(its, 500, "node_not_ready", "pod_evicted")
    assert (evicted - lost, pod) == (300, "default/web-2")
    assert [pod.terminating for pod in its.cluster.api.pods.values()] == [False, True, False]


def test_no_pod_of_a_node_that_is_back_in_time_is_evicted(story):
    """Back after 250 s."""
    its = story()
    its.at(100, its.cluster.cut_off, "node-2")
    its.at(350, its.cluster.rejoin, "node-2")
    assert events(its, 900, "pod_evicted") == []


def test_while_the_api_server_is_down_nobody_notices(story):
    """The node is lost as soon as the API server is back; not at all where the node is back
    sooner."""
    its = story()
    its.at(100, its.cluster.cut_off, "node-2")
    its.at(100, its.cluster.cut_off, "node-3")
    its.at(120, its.cluster.stop_api_server)
    its.at(170, its.cluster.rejoin, "node-3")
    its.at(400, its.cluster.start_api_server)
    assert events(its, 600, "node_not_ready") == [(400, "node_not_ready", "node-2")]
