"""Node pools that grow while Pods find no room."""

from emu.hops.balancer.barring import Bar

GROWS = {
    "nodePools": [
        {"name": "node", "nodes": 2, "maxNodes": 4, "provisioning": "30s"},
        {"name": "large", "nodes": 1, "maxNodes": 2, "cpu": 8, "provisioning": "1m",
         "labels": {"size": "large"}},
    ]
}  # fmt: skip
TWO_CORES = {"resources": {"requests": {"cpu": "2"}}}


def grown(life, *kinds):
    """When nodes were asked for and joined, and Pods bound: (second, kind, object)."""
    return life.story(*(kinds or ("node_requested", "node_joined")))


def test_nodes_that_have_not_joined_take_no_pods(lived):
    """The Pods at first are on the nodes that are there, and nobody asks for more."""
    life = lived(**GROWS).run(100)
    assert {life.world.api.pods[pod].node for pod in life.api.pods} == {0, 1, 4}
    assert grown(life) == []


def test_one_more_at_a_scan_while_pods_wait(lived):
    """Of Pods that ask for two cores a node of the first pool takes two and a large one four: eight
    of twelve have room. At the next scan a node is asked for, which takes two, and at the scan
    after that another one; that is enough then."""
    life = lived(container=TWO_CORES, **GROWS)
    life.at(12, lambda: life.world.scale("web", 12))
    life.run(100)
    assert grown(life) == [
        (20, "node_requested", "node-3"),
        (30, "node_requested", "node-4"),
        (50, "node_joined", "node-3"),
        (60, "node_joined", "node-4"),
    ]
    bound = [event for event in life.told.events if event[1] == "pod_scheduled"]
    assert [(event[0], event[4]) for event in bound[-4:]] == [
        (50, "node-3"), (50, "node-3"), (60, "node-4"), (60, "node-4"),
    ]  # fmt: skip
    assert life.world.scheduler.waiting == {}


def test_of_a_pool_that_would_take_them(lived):
    """Pods that ask for a label get a node that has it, though others come first."""
    life = lived(container=TWO_CORES, pod={"nodeSelector": {"size": "large"}}, **GROWS)
    life.at(12, lambda: life.world.scale("web", 5))
    life.run(100)
    assert grown(life) == [(20, "node_requested", "large-2"), (80, "node_joined", "large-2")]


def test_no_node_for_pods_that_none_would_take(lived):
    """A Pod that is larger than any node goes on waiting."""
    life = lived(pod={"nodeSelector": {"size": "large"}}, container=TWO_CORES, nodePools=[
        {"name": "node", "nodes": 1, "maxNodes": 3},
        {"name": "large", "nodes": 1, "cpu": 8, "labels": {"size": "large"}},
    ])  # fmt: skip
    life.at(12, lambda: life.world.scale("web", 5))
    assert grown(life.run(300)) == []
    assert list(life.world.scheduler.waiting) == ["default/web-4"]


BALANCED = """
---
apiVersion: v1
kind: Service
metadata: {name: edge}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""


def test_a_load_balancer_uses_it_when_it_has_passed_its_checks(lived):
    """Not before it has joined, and at a check within an interval from then on; it is not taken for
    one that has failed meanwhile."""
    life = lived(BALANCED, container=TWO_CORES, nodePools=[
        {"name": "node", "nodes": 2, "maxNodes": 3, "provisioning": "90s"}
    ])  # fmt: skip
    assert life.model.listeners[0].backends["available"].tolist() == [1, 1, 0]
    life.at(12, lambda: life.world.scale("web", 5))
    life.run(130)
    backends = life.state.listeners[0].backends
    assert backends["available"].tolist() == [1, 1, 1]
    assert backends["barred"][2] & Bar.UNHEALTHY == 0
    ((at, _, _),) = life.story("target_healthy")
    assert 110 < at <= 118
    assert life.story("node_not_ready", "target_unhealthy") == []
