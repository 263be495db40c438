"""Pods are placed as the docstring of the placement says."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.scenario.kubernetes import Deployment, Node, Pod
from emu.scenario.placement import NoNodeFitsError, placed


def node(name, labels=None, most_pods=110, **spec):
    """A Node."""
    return Node.model_validate({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels or {}},
        "spec": spec, "status": {"allocatable": {"pods": most_pods}},
    })  # fmt: skip


def pod(name, node_name="", **labels):
    """A Pod of the Deployment ``web``, or none of it."""
    return Pod.model_validate({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
        "spec": {"nodeName": node_name},
    })  # fmt: skip


def deployment(replicas, name="web", **spec):
    """A Deployment."""
    return Deployment.model_validate({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                 "template": {"metadata": {"labels": {"app": name}}, "spec": spec}},
    })  # fmt: skip


def where(pods):
    """The node of each Pod, in order."""
    return [pod.node_name for pod in pods]


def test_pods_go_round_the_nodes():
    """Nodes that are alike are filled in turn, in their order."""
    pods = placed([node("a"), node("b"), node("c")], [], [deployment(5)])
    assert where(pods) == ["a", "b", "c", "a", "b"]
    assert [pod.name for pod in pods] == ["web-0", "web-1", "web-2", "web-3", "web-4"]
    assert pods[0].labels == {"app": "web"}


def test_own_pods_count_before_others():
    """A node with many other Pods still comes before one that has a Pod of the Deployment."""
    others = [pod(f"x{i}", "b") for i in range(9)]
    given_pod = pod("web-0", "a", app="web")
    pods = placed([node("a"), node("b"), node("c")], [*others, given_pod], [deployment(4)])
    assert where(pods[10:]) == ["c", "b", "a"]


def test_pods_that_are_there_count_and_keep_their_names():
    """A Deployment gets only the Pods that it lacks, under names that are free."""
    pods = placed([node("a")], [pod("web-1", "a", app="web")], [deployment(3)])
    assert [pod.name for pod in pods] == ["web-1", "web-0", "web-2"]
    assert len(placed([node("a")], [pod("y", "a", app="web")] * 3, [deployment(2)])) == 3


def test_a_pod_without_a_node_is_placed():
    """Where the fewest Pods are."""
    pods = placed([node("a"), node("b")], [pod("x", "a"), pod("y"), pod("z")], [])
    assert where(pods) == ["a", "b", "a"]


def test_selectors_taints_and_cordons_are_honoured():
    """Only nodes that fit get Pods; a Pod that bears a taint may go there."""
    taint = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    nodes = [
        node("cordoned", {"disk": "ssd"}, unschedulable=True),
        node("spinning", {"disk": "hdd"}),
        node("tainted", {"disk": "ssd"}, taints=[taint]),
        node("soft", {"disk": "ssd"}, taints=[taint | {"effect": "PreferNoSchedule"}]),
    ]
    selector = {"disk": "ssd"}
    assert set(where(placed(nodes, [], [deployment(4, nodeSelector=selector)]))) == {"soft"}
    for toleration in (
        {"key": "dedicated", "value": "db"},
        {"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"},
        {"operator": "Exists"},
    ):
        bearing = deployment(4, nodeSelector=selector, tolerations=[toleration])
        assert set(where(placed(nodes, [], [bearing]))) == {"tainted", "soft"}
    other = {"key": "dedicated", "value": "web"}
    refused = deployment(4, nodeSelector=selector, tolerations=[other])
    assert set(where(placed(nodes, [], [refused]))) == {"soft"}


def test_no_node_fits():
    """The Deployment that cannot be placed is named."""
    with pytest.raises(NoNodeFitsError, match="fits on no node") as error:
        placed([node("a")], [], [deployment(1, "ok"), deployment(1, nodeSelector={"gpu": "yes"})])
    assert error.value.owner.name == "web"


def test_nodes_are_full_at_their_most_pods():
    """A full node is passed by, and when all are full there is no room."""
    nodes = [node("a", most_pods=1), node("b", most_pods=3)]
    assert where(placed(nodes, [], [deployment(4)])) == ["a", "b", "b", "b"]
    with pytest.raises(NoNodeFitsError, match="has no room"):
        placed(nodes, [], [deployment(5)])


@given(st.integers(1, 9), st.lists(st.integers(0, 60), max_size=5))
def test_every_deployment_is_spread_evenly(nodes, replicas):
    """Node counts of one Deployment differ by at most one, and all its Pods are there."""
    deployments = [deployment(count, f"d{i}") for i, count in enumerate(replicas)]
    pods = placed([node(f"n{i}", most_pods=1000) for i in range(nodes)], [], deployments)
    for number, count in enumerate(replicas):
        of_this = [found for found in pods if found.labels["app"] == f"d{number}"]
        spread = Counter(where(of_this))
        assert len(of_this) == count
        assert max(spread.values(), default=0) - min(spread[f"n{i}"] for i in range(nodes)) <= 1
