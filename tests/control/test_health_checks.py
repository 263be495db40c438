"""What load balancers believe of their backends, and how late."""

import numpy as np
import pytest
from scipy import stats

from emu.hops.balancer.barring import Bar

S = 1_000_000_000


def found_out(its, seconds=600):
    """What the load balancer came to believe: when, of whom, and why."""
    events = [event for event in its.run(seconds) if event[1].startswith("target_")]
    return [(at, kind, cause, detail.split(",")[0]) for at, kind, _, cause, detail in events]


PROFILES = {
    "gcp": (8, 1, 3), "aws-nlb": (30, 10, 3), "aws-nlb-local": (10, 10, 2), "aws-clb": (10, 5, 6),
    "azure": (5, 5, 2),
}  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES)
def test_a_silent_node_is_found_out(checked, profile):
    """By a profile: k checks in a row, the last of them a timeout ago."""
    interval, timeout, k = PROFILES[profile]
    its = checked(healthCheck={"profile": profile})
    its.at(100, its.cluster.cut_off, "node-2")
    ((at, *event),) = found_out(its)
    assert event == ["target_unhealthy", "timeout", "node-2"]
    assert (k - 1) * interval <= at - 100 - timeout < k * interval
    assert its.state.listeners[0].backends["barred"].tolist() == [0, Bar.UNHEALTHY]


def test_detection_is_uniform(checked):
    """Of 200 nodes that fall silent at once, the times until each is found out, less the timeout,
    are uniform between (k - 1) T and k T: FACTS' 16 s to 24 s with the defaults."""
    its = checked(nodes=200)
    for number in range(1, 201):
        its.at(100, its.cluster.cut_off, f"node-{number}")
    times = np.array([at for at, *_ in found_out(its)]) - 101
    assert len(times) == 200
    assert stats.kstest(times, stats.uniform(16, 8).cdf).pvalue > 1e-3


def test_it_is_used_again_when_it_answers(checked):
    """With the default one check suffices, 8 s at most after it is back."""
    its = checked()
    its.at(100, its.cluster.cut_off, "node-2")
    its.at(200, its.cluster.rejoin, "node-2")
    _, (at, *event) = found_out(its)
    assert event == ["target_healthy", "ok", "node-2"]
    assert 200 <= at < 208
    assert its.state.listeners[0].backends["available"].all()


def test_a_short_silence_is_not_believed(checked):
    """Three checks in a row are needed, and two fail at the most."""
    its = checked()
    its.at(100, its.cluster.cut_off, "node-2")
    its.at(115, its.cluster.rejoin, "node-2")
    assert found_out(its) == []


def test_two_short_silences_are_not_one(checked):
    """A check that succeeds between them begins the count anew."""
    its = checked()
    for at in (100, 125, 150, 175):
        its.at(at, its.cluster.cut_off, "node-2")
        its.at(at + 15, its.cluster.rejoin, "node-2")
    assert found_out(its) == []


def test_under_local_a_node_without_endpoints_says_so(checked):
    """The healthCheckNodePort answers 503 as soon as the node's rules have no ready endpoint here;
    no timeout is waited for. It is used again when there is one."""
    its = checked(local=True)
    its.at(100, its.unready, 1)
    its.at(200, its.unready, 1, True)
    (first, *gone), (again, *back) = found_out(its)
    assert gone == ["target_unhealthy", "503", "node-1"]
    assert back == ["target_healthy", "ok", "node-1"]
    assert 16 <= first - 100 < 24
    assert 0 <= again - 200 < 8


def test_a_load_balancer_that_is_cut_off_checks_nobody(checked):
    """It believes what it believed."""
    its = checked()
    its.at(100, its.cluster.cut_off, "edge")
    its.at(300, its.cluster.rejoin, "edge")
    assert found_out(its) == []


def test_a_pod_that_does_not_listen_refuses(checked):
    """At a Pod's port a check is refused, which takes no timeout."""
    its = checked("pod")

    def stop():
        its.state.pods["app_port"][1] = 0
        its.cluster.rules.listens()

    its.at(100, stop)
    ((at, *event),) = found_out(its)
    assert event == ["target_unhealthy", "refused", "default/web-2"]
    assert 16 <= at - 100 < 24


def test_a_pod_that_is_not_ready_is_deregistered(checked):
    """2 s after the API server heard of it, whatever its checks say; when it is ready again it has
    to pass a check."""
    its = checked("pod")
    its.at(100, its.unready, 2)
    its.at(200, its.unready, 2, True)
    its.run(101.9)
    backends = its.state.listeners[0].backends
    assert backends["available"][:2].tolist() == [1, 1]
    its.run(102.1)
    assert backends["barred"][1] == Bar.NO_ENDPOINT
    ((at, *event),) = found_out(its)
    assert event == ["target_healthy", "ok", "default/web-2"]
    assert 202 <= at < 210


def test_what_stays_costs_nothing(checked):
    """While nothing changes no check is a step of a process."""
    its = checked(nodes=50)
    its.run(500)
    assert its.env.number_of_events() < 10
