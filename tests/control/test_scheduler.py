"""Pods that are made in a run find their nodes."""


def placed(life):
    """The nodes that new Pods went to, and when."""
    return [(event[0], event[4]) for event in life.told.events if event[1] == "pod_scheduled"]


def test_to_the_node_with_the_fewest_of_its_deployment(lived):
    """In turn, as when the cluster was made."""
    life = lived()
    life.at(10, lambda: life.world.scale("web", 7))
    assert placed(life.run(20)) == [(10, "node-1"), (10, "node-2"), (10, "node-1")]


def test_not_to_one_that_is_not_ready(lived):
    """Nor to one that is cordoned, or has not joined."""
    for field in ("ready", "schedulable", "joined"):
        life = lived()
        setattr(life.api.nodes["node-1"], field, False)
        life.at(10, lambda life=life: life.world.scale("web", 6))
        assert placed(life.run(20)) == [(10, "node-2"), (10, "node-2")]


def test_one_that_fits_nowhere_waits(lived):
    """It says why once, and goes as soon as a node changes."""
    life = lived()
    nodes = life.api.nodes
    for node in nodes.values():
        node.schedulable = False
    life.at(10, lambda: life.world.scale("web", 5))
    life.at(20, lambda: life.api.node_changed(nodes["node-1"]))
    life.at(30, lambda: life.world.uncordon("node-1"))
    life.run(40)
    assert [event[:3] for event in life.told.events if event[1] == "pod_pending"] == [
        (10, "pod_pending", "default/web-4")
    ]
    assert placed(life) == [(30, "node-1")]
    assert life.world.scheduler.waiting == {}


def test_one_that_waits_goes_when_another_is_gone(lived):
    """A node takes 110 Pods."""
    life = lived()
    life.at(10, lambda: life.world.scale("web", 221))
    life.at(20, lambda: life.world.drain("node-2"))
    life.run(30)
    waiting = len(life.world.scheduler.waiting)
    assert waiting == 111
    bound = [pod.node for pod in life.api.pods.values() if pod.node == 0]
    assert len(bound) == 110


def test_one_that_is_deleted_while_it_waits(lived):
    """It is gone at once."""
    life = lived()
    for node in life.api.nodes.values():
        node.schedulable = False
    life.at(10, lambda: life.world.scale("web", 5))
    life.at(20, lambda: life.world.scale("web", 4))
    life.run(30)
    assert life.story("pod_deleted") == [(20, "pod_deleted", "web-4")]
    assert life.world.scheduler.waiting == {}
