"""The life of a Pod on its node."""

import pytest

from emu.errors import RoomError
from emu.hops.pod import GONE
from emu.model import build as model_build
from emu.model.live import Room


def test_a_new_pod(lived):
    """It has an address of its node's and a number, runs after a second, is ready at once where
    nothing asks it, and listens a second later."""
    life = lived()
    life.at(10, lambda: life.world.scale("web", 5))
    life.run(11.5)
    new = life.api.pods["default/web-4"]
    assert (new.number, new.node, new.address, new.ready) == (4, 0, "10.244.0.4", True)
    assert life.told.pods == [("default/web-4", "10.244.0.4", 0)]
    assert life.state.pods["app_port"][4] == 0
    life.run(13)
    assert life.state.pods["app_port"][4] == 8080
    assert life.story() == [
        (10, "deployment_scaled", "web"),
        (10, "pod_created", "web-4"),
        (10, "pod_scheduled", "web-4"),
        (11, "pod_ready", "web-4"),
        (12, "process_listens", "web-4"),
    ]


def test_it_is_as_the_others_of_its_deployment(lived):
    """Workers, backlog and service time are those of the template; the node's speed counts."""
    life = lived(**{"speeds.nodes": {"node-1": 0.5}, "behaviours[0].speed": 3})
    life.at(10, lambda: life.world.scale("web", 5))
    life.run(13)
    old, new = life.state.pods[0], life.state.pods[4]
    for field in ("node", "app_port", "workers", "backlog", "service_time", "speed"):
        assert old[field] == new[field]
    assert new["speed"] == 1.5


def test_it_sheds_as_the_others_do(lived):
    """Each of several new ones, and not those that are not there yet."""
    shed = {"behaviours[0].queueTimeout": "300ms", "behaviours[0].heedsDeadlines": True}
    life = lived(**shed)
    life.at(10, lambda: life.world.scale("web", 7))
    life.run(13)
    assert life.state.shedding[:7].tolist() == [(300_000_000, 1)] * 7
    assert life.state.shedding[7:].tolist() == [(0, 0)] * len(life.state.shedding[7:])


def test_creation_and_startup_take_their_times(lived):
    """As its behaviour has them."""
    life = lived(**{"behaviours[0].creation": "3s", "behaviours[0].startup": "20s"})
    life.at(10, lambda: life.world.scale("web", 5))
    life.run(60)
    assert life.story("pod_ready", "process_listens") == [
        (13, "pod_ready", "web-4"),
        (33, "process_listens", "web-4"),
    ]


def test_an_address_that_is_free_rests(lived):
    """The next Pod of the node has another."""
    life = lived()
    life.at(10, lambda: life.world.scale("web", 3))
    life.at(20, lambda: life.world.scale("web", 4))
    life.run(30)
    addresses = [pod.address for pod in life.api.pods.values()]
    assert addresses == ["10.244.0.2", "10.244.1.2", "10.244.0.3", "10.244.1.4"]


def test_a_pod_waits_for_an_address(lived):
    """Where its node has none left, until another's is free."""
    nodes = """
---
apiVersion: v1
kind: Node
metadata: {name: small, labels: {size: small}}
spec: {podCIDR: 10.1.0.0/29}
"""
    life = lived(nodes, pod={"nodeSelector": {"size": "small"}})
    life.at(10, lambda: life.world.scale("web", 6))
    life.at(20, lambda: life.world.scale("web", 5))
    life.run(30)
    assert [pod.address for pod in life.api.pods.values()] == [
        f"10.1.0.{number}" for number in range(2, 7)
    ]
    assert [at for at, _, _ in life.story("pod_ready")] == [11]


def test_back_off_between_restarts(lived):
    """Each further crash doubles the wait, from 10 s to 300 s; the first time there is none."""
    life = lived()
    waits, at = [], 1
    for wait in (0, 10, 20, 40, 80, 160, 300, 300):
        life.at(at, lambda: life.world.crash("web-0"))
        at += wait + 5
        waits.append(wait)
    life.run(at)
    ended = [at for at, _, _ in life.story("container_ended")]
    again = [at for at, _, _ in life.story("container_restarted")]
    assert [b - a for a, b in zip(ended, again, strict=True)] == waits


def test_back_off_is_forgotten_after_ten_minutes(lived):
    """A process that has run for so long is as good as new."""
    life = lived()
    for at in (1, 10, 25, 700):
        life.at(at, lambda: life.world.crash("web-0"))
    life.run(800)
    again = [at for at, _, _ in life.story("container_restarted")]
    assert again == [1, 20, 45, 700]


def test_what_has_crashed_is_refused(lived):
    """Its requests are reset; it is not ready and does not listen until it is started again."""
    life = lived()
    life.at(1, lambda: life.world.crash("web-0"))
    life.at(5, lambda: life.world.crash("default/web-0"))
    life.run(10)
    assert life.told.asked == [(1, "reset", 0), (5, "reset", 0)]
    assert life.ready() == ["web-1", "web-2", "web-3"]
    assert life.state.pods["app_port"][0] == 0
    life.run(20)
    assert life.state.pods["app_port"][0] == 8080
    assert life.ready() == ["web-0", "web-1", "web-2", "web-3"]


def test_a_crash_of_what_does_not_run(lived):
    """Nothing happens: it cannot end twice."""
    life = lived()
    for at in (1, 3, 4, 5):
        life.at(at, lambda: life.world.crash("web-0"))
    life.run(6)
    assert [at for at, _, _ in life.story("container_ended")] == [1, 3]


def test_a_node_that_fails_is_silent(lived):
    """Its Pods answer nothing and nobody is told; the API server takes them for ready."""
    life = lived()
    life.at(10, lambda: life.world.fail("node-2"))
    life.run(20)
    assert life.told.asked == [(10, "silence", 1), (10, "silence", 3)]
    assert life.state.pods["app_port"].tolist()[:4] == [8080, GONE, 8080, GONE]
    assert life.state.network.legs["cut"].tolist()[:2] == [0, 1]
    assert life.ready() == ["web-0", "web-1", "web-2", "web-3"]
    assert life.story() == []


def test_a_node_that_starts_again(lived):
    """Its Pods are not ready until they have started; they keep their numbers and addresses."""
    life = lived()
    before = [(pod.number, pod.address) for pod in life.api.pods.values()]
    life.at(10, lambda: life.world.fail("node-2"))
    life.at(20, lambda: life.world.start("node-2"))
    life.run(30)
    assert [(pod.number, pod.address) for pod in life.api.pods.values()] == before
    assert life.story() == [
        (20, "pod_unready", "web-1"),
        (20, "pod_unready", "web-3"),
        (21, "pod_ready", "web-1"),
        (21, "pod_ready", "web-3"),
        (22, "process_listens", "web-1"),
        (22, "process_listens", "web-3"),
    ]
    assert life.state.network.legs["cut"].tolist()[:2] == [0, 0]


def test_two_faults_of_one_node(lived):
    """It is there again when both are over."""
    life = lived()
    for at in (10, 12):
        life.at(at, lambda: life.world.fail("node-2"))
    for at in (20, 30):
        life.at(at, lambda: life.world.start("node-2"))
    life.run(40)
    assert [at for at, _, _ in life.story("pod_ready")] == [31, 31]


def test_a_kubelet_that_is_not_heard(lived):
    """While its node is not ready its Pods are not ended; when it is again, they are."""
    life = lived()
    node = life.api.nodes["node-2"]

    def heard(ready):
        node.ready = ready
        life.api.node_changed(node)

    life.at(10, lambda: heard(False))
    life.at(15, lambda: life.world.scale("web", 2))
    life.at(30, lambda: heard(True))
    life.run(40)
    assert life.story("pod_terminating", "pod_deleted") == [
        (15, "pod_terminating", "web-3"),
        (15, "pod_terminating", "web-2"),
        (15, "pod_deleted", "web-2"),
        (30, "pod_deleted", "web-3"),
    ]


def test_an_api_server_that_is_down(lived):
    """Nothing that goes through it comes to pass before it is back."""
    life = lived()
    life.at(10, life.world.stop_api_server)
    life.at(11, lambda: life.world.crash("web-0"))
    life.at(12, lambda: life.world.scale("web", 3))
    life.at(20, life.world.start_api_server)
    life.run(30)
    assert life.story() == [
        (11, "container_ended", "web-0"),
        (11, "container_restarted", "web-0"),
        (12, "process_listens", "web-0"),
        (20, "pod_unready", "web-0"),
        (20, "pod_ready", "web-0"),
        (20, "deployment_scaled", "web"),
        (20, "pod_terminating", "web-0"),
        (20, "pod_sigterm", "web-0"),
        (20, "pod_deleted", "web-0"),
    ]


def test_more_pods_than_there_is_room_for(lived, monkeypatch):
    """A message, not a traceback of an array."""
    monkeypatch.setattr(model_build, "room_for", lambda *_: Room(7, 20))
    life = lived()
    life.at(1, lambda: life.world.scale("web", 7))
    life.at(6, lambda: life.world.scale("web", 4))
    life.at(11, lambda: life.world.scale("web", 5))
    life.run(10)
    with pytest.raises(RoomError, match="more than 7 Pods in one run"):
        life.run(20)


def test_the_limit_of_a_new_pod(lived):
    """Its quota is that of the others, and its periods begin with theirs."""
    life = lived(container={"resources.limits.cpu": "500m"})
    life.at(10, lambda: life.world.scale("web", 5))
    life.run(13)
    old, new = life.state.sharing[0], life.state.sharing[4]
    assert new["quota"] == old["quota"] == 50_000_000
    assert new["period_end"] == old["period_end"]
    assert life.state.pods[4]["shared"] == life.state.pods[0]["shared"] != 0


def test_a_pod_that_requests_more_than_a_node_has_left(lived):
    """It waits: two nodes of four cores take four Pods of two cores."""
    life = lived(container={"resources.requests.cpu": "2"})
    life.at(10, lambda: life.world.scale("web", 5))
    life.run(30)
    assert life.story("pod_pending") == [(10, "pod_pending", "web-4")]
