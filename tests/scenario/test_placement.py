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


def asking(requests, limits=None):
    """A container with these resources."""
    return {"name": "web", "resources": {"requests": requests, "limits": limits or {}}}


def sized(name, **allocatable):
    """A Node of this size."""
    made = node(name).model_dump(by_alias=True)
    return Node.model_validate(made | {"status": {"allocatable": {"pods": 110} | allocatable}})


def test_requests_fill_nodes():
    """What Pods there have requested, and the Pod's own, is at most what the node has: here two
    Pods of 1.2 cores, and three of them on the other node, beside one that is there."""
    nodes = [sized("a", cpu=4), sized("b", cpu="3900m")]
    there = pod("x", "a").changed(spec={"containers": pods_of("1600m")})
    chosen = placed(nodes, [there], [deployment(5, containers=[asking({"cpu": "1200m"})])])
    assert sorted(where(chosen[1:])) == ["a", "a", "b", "b", "b"]
    with pytest.raises(NoNodeFitsError, match="2 Insufficient cpu"):
        placed(nodes, [there], [deployment(6, containers=[asking({"cpu": "1200m"})])])


def pods_of(cpu):
    """The containers of a Pod that requests so much CPU."""
    return deployment(1, containers=[asking({"cpu": cpu})]).spec.template.spec.containers


def test_memory_counts_where_a_node_states_it():
    """One node has room for two Pods of 1 Gi, the other says nothing and takes all others."""
    nodes = [sized("a", cpu=64, memory="2100Mi"), sized("b", cpu=64)]
    many = deployment(7, containers=[asking({"memory": "1Gi"})])
    assert Counter(where(placed(nodes, [], [many]))) == {"a": 2, "b": 5}
    with pytest.raises(NoNodeFitsError, match="on: 1 Insufficient memory"):
        placed(nodes[:1], [], [many])


def test_every_node_says_what_it_lacks():
    """In the words of the scheduler, with how many nodes lack it."""
    nodes = [sized("a", cpu=1), sized("b", cpu=8, pods=1), sized("c", cpu=8, memory="1M"),
             sized("d", cpu="1999m")]  # fmt: skip
    wanted = deployment(2, containers=[asking({}, {"cpu": 1, "memory": "1Gi"})] * 2)
    with pytest.raises(
        NoNodeFitsError, match="on: 2 Insufficient cpu, 1 Insufficient memory, 1 Too many pods"
    ):
        placed(nodes, [], [wanted])


@pytest.mark.parametrize(
    ("limits", "limit"),
    [([], None), (["500m"], 0.5), (["500m", "1"], 1.5), ([None, "1"], None), (["2", None], 2)],
)
def test_a_pods_limit(limits, limit):
    """The sum if every container has one; else the first container's own."""
    containers = [asking({}, {} if it is None else {"cpu": it}) for it in limits]
    assert deployment(1, containers=containers).spec.template.spec.cpu_limit == limit


def test_a_limit_alone_is_a_request():
    """As the API server sets it; a Pod that says nothing has none."""
    one = deployment(1, containers=[asking({}, {"cpu": "500m", "memory": "1Gi"}),
                                    asking({"cpu": 1}), asking({})]).spec.template.spec  # fmt: skip
    assert (one.cpu_request, one.memory_request, one.states_cpu) == (1.5, 2**30, True)
    none = deployment(1, containers=[asking({})]).spec.template.spec
    assert (none.cpu_request, none.memory_request, none.states_cpu) == (0, 0, False)


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
