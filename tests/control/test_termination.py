"""The end of a Pod that is deleted."""

import pytest

from emu.hops.pod import GONE

ENDS = ("pod_terminating", "pod_sigterm", "pod_killed", "pod_deleted")


@pytest.fixture
def ended(lived):
    """Deletes ``web-3`` at 10 s by scaling down; the moments of its end, and what traffic was
    asked."""

    def story(busy_until=0, on_sigterm="drain", **changes):
        life = lived(**changes, **{"behaviours[0].onSigterm": on_sigterm})
        life.state.pods["busy"][3] = 1 if busy_until else 0
        if busy_until:
            life.at(busy_until, lambda: life.state.pods["busy"].__setitem__(3, 0))
        life.at(10, lambda: life.world.scale("web", 3))
        life.run(100)
        assert {name for _, _, name in life.story(*ENDS)} == {"web-3"}
        return [(at, kind) for at, kind, _ in life.story(*ENDS)], life

    return story


def test_an_idle_process_ends_at_once(ended):
    """It drains, there is nothing to do, and the Pod is gone."""
    moments, life = ended()
    assert moments == [(10, "pod_terminating"), (10, "pod_sigterm"), (10, "pod_deleted")]
    assert life.told.asked == [(10, "drain", 3), (10, "reset", 3)]
    assert "default/web-3" not in life.api.pods
    assert life.state.pods["app_port"][3] == GONE
    assert life.ready() == ["web-0", "web-1", "web-2"]


def test_pre_stop_comes_first(ended):
    """Its process listens meanwhile, the Pod is terminating, and SIGTERM comes afterwards."""
    hook = {"lifecycle.preStop.exec.command": ["/bin/sh", "-c", "sleep 7"]}
    moments, _ = ended(container=hook)
    assert moments == [(10, "pod_terminating"), (17, "pod_sigterm"), (17, "pod_deleted")]


def test_requests_are_answered_before_it_ends(ended):
    """It listens no longer, but ends only when nobody is served."""
    moments, _ = ended(busy_until=15)
    assert moments[1:] == [(10, "pod_sigterm"), (15, "pod_deleted")]


def test_killed_at_the_end_of_the_grace_period(ended):
    """30 s after the deletion, preStop included."""
    moments, life = ended(busy_until=90, container={"lifecycle.preStop.sleep.seconds": 5})
    assert moments[1:] == [(15, "pod_sigterm"), (40, "pod_killed"), (40, "pod_deleted")]
    assert life.told.asked == [(15, "drain", 3), (40, "reset", 3)]


def test_pre_stop_longer_than_the_grace_period(ended):
    """It is cut off, and two seconds are left between SIGTERM and SIGKILL."""
    moments, _ = ended(
        busy_until=90,
        container={"lifecycle.preStop.sleep.seconds": 60},
        pod={"terminationGracePeriodSeconds": 20},
    )
    assert moments[1:] == [(30, "pod_sigterm"), (32, "pod_killed"), (32, "pod_deleted")]


def test_a_process_that_does_not_heed_sigterm(ended):
    """It serves on until it is killed, be it idle or not."""
    moments, life = ended(on_sigterm="ignore")
    assert moments[1:] == [(10, "pod_sigterm"), (40, "pod_killed"), (40, "pod_deleted")]
    assert life.told.asked == [(40, "reset", 3)]


def test_a_process_that_ends_at_sigterm(ended):
    """Whoever is served there is cut off."""
    moments, life = ended(busy_until=90, on_sigterm="exit")
    assert moments[1:] == [(10, "pod_sigterm"), (10, "pod_deleted")]
    assert life.told.asked == [(10, "reset", 3)]


def test_a_crash_in_the_end_ends_it(lived):
    """A process that is ending is not started again."""
    life = lived()
    life.state.pods["busy"][3] = 1
    life.at(10, lambda: life.world.scale("web", 3))
    life.at(12, lambda: life.world.crash("web-3"))
    life.run(60)
    assert life.story("pod_deleted", "container_restarted") == [(12, "pod_deleted", "web-3")]


def test_a_node_that_fails_in_the_end(lived):
    """The Pod stays there, ending, until its kubelet is back to delete it."""
    life = lived()
    life.state.pods["busy"][3] = 1
    life.at(10, lambda: life.world.scale("web", 3))
    life.at(12, lambda: life.world.fail("node-2"))
    life.at(50, lambda: life.world.start("node-2"))
    life.run(60)
    assert life.story("pod_deleted", "pod_killed") == [(50, "pod_deleted", "web-3")]
