"""Probes, and what follows from them."""

import pytest

READY = {"readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 5}}
ALIVE = {"livenessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 5}}


@pytest.fixture
def grown(lived):
    """A cluster that has a fifth Pod from 10 s on, whose container runs at 11 s."""

    def life(**changes):
        life = lived(**changes)
        life.at(10, lambda: life.world.scale("web", 5))
        return life

    return life


@pytest.mark.parametrize(
    ("probe", "startup", "at"),
    [
        ({}, "2s", 21),
        ({"periodSeconds": 5}, "2s", 16),
        ({"periodSeconds": 5}, "7s", 21),
        ({"periodSeconds": 5, "initialDelaySeconds": 3}, "2s", 14),
        ({"periodSeconds": 5, "successThreshold": 3}, "2s", 26),
    ],
)
def test_ready_when_a_probe_has_succeeded(grown, probe, startup, at):
    """Probes come every periodSeconds from the start of the container and the delay on; the Pod is
    ready after successThreshold of them in a row."""
    its = {"readinessProbe": {"httpGet": {"port": 8080}} | probe}
    life = grown(container=its, **{"behaviours[0].startup": startup}).run(60)
    assert life.story("pod_ready") == [(at, "pod_ready", "web-4")]


@pytest.mark.parametrize("port", [9090, "metrics"])
def test_a_probe_at_another_port(grown, port):
    """Nobody listens there: the Pod is never ready."""
    life = grown(container={"readinessProbe": {"httpGet": {"port": port}}}).run(60)
    assert "web-4" not in life.ready()


def test_a_probe_at_a_named_port(grown):
    """The name is one of its container's ports."""
    probe = {"readinessProbe": {"httpGet": {"port": "http"}}, "ports[0].name": "http"}
    assert "web-4" in grown(container=probe).run(60).ready()


def test_a_probe_by_a_command(grown):
    """It asks the process itself."""
    probe = {"readinessProbe": {"exec": {"command": ["cat", "/tmp/healthy"]}}}
    assert "web-4" in grown(container=probe).run(60).ready()


@pytest.mark.parametrize(
    ("queued", "busy", "ready"), [(100, 2, True), (101, 2, False), (4096, 1, True)]
)
def test_an_overloaded_pod_is_not_ready(lived, queued, busy, ready):
    """Where more wait than its two workers serve in the timeout, at 20 ms each; not while one is
    free."""
    life = lived(container=READY)
    life.state.pods[0]["busy"], life.state.pods[0]["queued"] = busy, queued
    life.run(30)
    assert ("web-0" in life.ready()) == ready


def test_a_full_backlog_refuses_a_probe(lived):
    """However short the queue is."""
    life = lived(container=READY, **{"behaviours[0].backlog": 10})
    life.state.pods[0]["busy"], life.state.pods[0]["queued"] = 2, 10
    life.run(30)
    assert life.ready() == ["web-1", "web-2", "web-3"]


def test_unready_after_so_many_failures_in_a_row(lived):
    """Three by default: within 10 and 15 s of the first with a period of 5 s; ready again after
    one success."""
    life = lived(container=READY)
    life.at(20, lambda: life.state.pods["app_port"].__setitem__(0, 0))
    life.at(50, lambda: life.state.pods["app_port"].__setitem__(0, 8080))
    life.run(100)
    (unready, _, _), (ready, _, _) = life.story()
    assert 30 <= unready <= 35
    assert 50 <= ready <= 55
    assert (ready - unready) / 5 == pytest.approx(round((ready - unready) / 5))


def test_pods_that_ran_before_are_probed_at_times_of_their_own(lived):
    """Not all at once."""
    life = lived(container=READY)
    life.at(20, lambda: life.state.pods["app_port"].__setitem__(slice(0, 4), 0))
    life.run(100)
    assert len({at for at, _, _ in life.story("pod_unready")}) == 4


def test_liveness_restarts_a_container(lived):
    """After three failures; a process that listens again is left alone."""
    life = lived(container=ALIVE)
    life.at(20, lambda: life.state.pods["app_port"].__setitem__(0, 0))
    life.run(200)
    assert [kind for _, kind, _ in life.story()] == [
        "pod_unready", "container_ended", "container_restarted", "pod_ready", "process_listens",
    ]  # fmt: skip
    assert life.told.events[1][3] == "liveness probe"


def test_liveness_kills_what_starts_slowly(grown):
    """A process that takes longer than the probes have patience never comes to listen: it is
    started again and again, with the back-off."""
    life = grown(container=ALIVE, **{"behaviours[0].startup": "20s"}).run(100)
    assert [at for at, _, _ in life.story("container_ended")] == [21, 31, 51, 81]
    assert life.story("process_listens") == []


def test_a_startup_probe_gives_it_time(grown):
    """The other probes wait for it."""
    probes = ALIVE | READY
    probes["startupProbe"] = {
        "tcpSocket": {"port": 8080}, "periodSeconds": 4, "failureThreshold": 10,
    }  # fmt: skip
    life = grown(container=probes, **{"behaviours[0].startup": "20s"}).run(100)
    assert life.story("container_ended") == []
    assert {(at, kind) for at, kind, _ in life.story("process_listens", "pod_ready")} == {
        (31, "process_listens"),
        (31, "pod_ready"),
    }


def test_a_startup_probe_that_gives_up(grown):
    """The container is killed after failureThreshold, and again."""
    probe = {"startupProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 2}}
    life = grown(container=probe, **{"behaviours[0].startup": "20s"}).run(20)
    assert [at for at, _, _ in life.story("container_ended")] == [15, 19]


def test_a_cluster_with_probes_is_one_that_changes(lived):
    """Without a timeline, too: an overloaded Pod is taken out of its Service."""
    assert lived(container=READY, timeline=[]).model.live is not None
