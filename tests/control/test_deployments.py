"""Deployments: scaling and rollouts."""

import pytest

READY = {"readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 5}}


@pytest.fixture
def rolled(lived):
    """A rollout from 10 s on: how many Pods there were of the old and the new revision, ready or
    not, and how many of all were ready, at each change."""

    def life(replicas=4, container=READY, **changes):
        deployment = {"replicas": replicas} | changes
        life = lived(container=container, deployment=deployment)
        counts = []

        def count(_):
            pods = [pod for pod in life.api.pods.values() if not pod.terminating]
            new = sum(pod.revision for pod in pods)
            ready = sum(pod.ready for pod in pods)
            counts.append((len(pods) - new, new, ready))

        life.api.watch_pods(count)
        life.at(10, lambda: life.world.roll_out("web"))
        return life.run(300), counts

    return life


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "most", "least"),
    [
        (4, "25%", "25%", 5, 3),
        (10, "25%", "25%", 13, 8),
        (1, "25%", "25%", 2, 1),
        (4, 0, 1, 4, 3),
        (4, 2, 0, 6, 4),
        (4, 0, 0, 4, 3),
        (4, "100%", "100%", 8, 0),
    ],
)
def test_a_rolling_update_keeps_its_bounds(rolled, replicas, surge, unavailable, most, least):
    """Never more Pods than maxSurge allows (rounded up), nor fewer ready ones than maxUnavailable
    does (rounded down); one may be unavailable where both are 0. In the end all are new."""
    strategy = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    life, counts = rolled(replicas, strategy=strategy)
    assert max(old + new for old, new, _ in counts) <= most
    assert min(ready for _, _, ready in counts) >= least
    assert counts[-1] == (0, replicas, replicas)
    assert len(life.story("rollout_finished")) == 1


def test_bounds_are_used(rolled):
    """Of four, five are there at once and three ready at the least."""
    _, counts = rolled()
    assert max(old + new for old, new, _ in counts) == 5
    assert min(ready for _, _, ready in counts) == 3


def test_the_steps_of_a_rolling_update(rolled):
    """Of four Pods one goes and two come; as these are ready, two more are replaced, then the last.
    A new Pod is ready at the second probe, 6 s after it was bound."""
    life, _ = rolled()
    steps = [(at, kind, name) for at, kind, name in life.story("pod_created", "pod_terminating")]
    assert steps == [
        (10, "pod_created", "web-4"),
        (10, "pod_terminating", "web-3"),
        (10, "pod_created", "web-5"),
        (16, "pod_terminating", "web-2"),
        (16, "pod_terminating", "web-0"),
        (16, "pod_created", "web-6"),
        (16, "pod_created", "web-7"),
        (22, "pod_terminating", "web-1"),
    ]
    assert life.story("rollout_finished") == [(22, "rollout_finished", "web")]


def test_min_ready_seconds(rolled):
    """A new Pod counts only when it has been ready for so long."""
    life, _ = rolled(minReadySeconds=20)
    times = sorted({at for at, _, _ in life.story("pod_terminating")})
    assert times == [10, 36, 62]
    assert life.story("rollout_finished") == [(62, "rollout_finished", "web")]


def test_recreate(rolled):
    """All end first, and the new ones come when they are gone."""
    slow = READY | {"lifecycle.preStop.sleep.seconds": 5}
    life, counts = rolled(container=slow, strategy={"type": "Recreate"})
    assert {at for at, _, _ in life.story("pod_terminating")} == {10}
    assert {at for at, _, _ in life.story("pod_created")} == {15}
    assert (0, 0, 0) in counts
    assert life.story("rollout_finished") == [(21, "rollout_finished", "web")]


def test_a_rollout_that_never_is_ready_stands_still(rolled):
    """As many old Pods go as may be unavailable, and the others serve on."""
    broken = {"readinessProbe": {"tcpSocket": {"port": 9}, "initialDelaySeconds": 0}}
    life, counts = rolled(container=broken | {"readinessProbe.failureThreshold": 1000})
    assert counts[-1] == (3, 2, 3)
    assert life.story("rollout_finished") == []


def test_a_second_rollout_in_the_midst_of_the_first(lived):
    """Pods of both older revisions go."""
    life = lived(container=READY)
    life.at(10, lambda: life.world.roll_out("web"))
    life.at(13, lambda: life.world.roll_out("web"))
    life.run(100)
    assert {pod.revision for pod in life.api.pods.values()} == {2}
    assert len(life.ready()) == 4


def test_scaling_up_and_down(lived):
    """At once; the youngest go, but first those that are not ready."""
    life = lived(container=READY)
    life.at(10, lambda: life.world.scale("web", 6))
    life.at(12, lambda: life.world.scale("web", 5))
    life.at(60, lambda: life.world.scale("web", 4))
    life.run(100)
    assert life.story("pod_terminating") == [
        (12, "pod_terminating", "web-5"),
        (60, "pod_terminating", "web-4"),
    ]
    details = [event[4] for event in life.told.events if event[1] == "deployment_scaled"]
    assert details == ["4 to 6", "6 to 5", "5 to 4"]


def test_scaling_to_none(lived):
    """Nothing is left."""
    life = lived()
    life.at(10, lambda: life.world.scale("web", 0))
    assert life.run(20).api.pods == {}


def test_names_are_never_used_twice(lived):
    """Results know Pods by their names."""
    life = lived()
    for at in range(10, 60, 10):
        life.at(at, lambda: life.world.scale("web", 0))
        life.at(at + 5, lambda: life.world.scale("web", 4))
    life.run(100)
    names = [name for name, _, _ in life.told.pods]
    assert len(set(names)) == len(names) == 20


def test_drained_pods_come_elsewhere(lived):
    """They end in order, others take their places, and none comes to the node until it is
    uncordoned."""
    life = lived(container=READY)
    life.at(10, lambda: life.world.drain("node-2"))
    life.at(40, lambda: life.world.scale("web", 6))
    life.at(80, lambda: life.world.uncordon("node-2"))
    life.at(90, lambda: life.world.scale("web", 8))
    life.run(100)
    assert life.story("pod_terminating") == [
        (10, "pod_terminating", "web-1"),
        (10, "pod_terminating", "web-3"),
    ]
    nodes = [event[4] for event in life.told.events if event[1] == "pod_scheduled"]
    assert nodes == ["node-1"] * 4 + ["node-2"] * 2
    assert life.told.events[0][3] == "drain"
