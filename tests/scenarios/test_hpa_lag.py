"""A HorizontalPodAutoscaler: its steps, and how late they are."""

import math
from itertools import pairwise

import pytest

from tests.scenarios.conftest import happened, lost, seconds

TARGET = "HorizontalPodAutoscaler/web.spec.metrics[0].resource.target.averageUtilization"
RATE = "clients[0].arrivals"
SURGE, OVER = 30, 210
SCRAPE = SYNC = 15


def steps(run):
    """When the Deployment was scaled, and how far."""
    return [(at, detail) for at, _, _, detail in happened(run, "deployment_scaled")]


def alone(whole, rate, target=50):
    """The steps of a run with this load of 4 Pods of 100/s each, and no surge."""
    load = {RATE: {"constant": {"rate": f"{rate}/s"}}, "duration": "90s", "timeline": []}
    return [how for _, how in steps(whole("hpa-lag", {TARGET: target}, **load))]


def test_180_percent_of_the_target_doubles_four_pods_at_once(whole):
    """ceil(4 x 1.8) = 8, and 4 more in 15 s are allowed."""
    assert alone(whole, 360)[0] == "4 to 8"


def test_109_percent_of_the_target_does_nothing(whole):
    """It is within the tolerance of a tenth; 115 % is not."""
    assert alone(whole, 218) == []
    assert alone(whole, 230)[0] == "4 to 5"


def test_a_metric_that_is_saturated_caps_the_step(whole):
    """With a target of 75 % a cycle brings ceil(n / 0.75), though 10.7 would do from the start."""
    *up, down = [how for _, how in steps(whole("hpa-lag"))]
    assert up == [f"{n} to {math.ceil(n / 0.75)}" for n in (4, 6, 8)]
    assert down == "11 to 4"


def test_what_lies_between_load_and_help(whole):
    """Scrape and sync, the Pod's start and its readiness, registration and health check: each link
    of the chain is within its bounds."""
    run = whole("hpa-lag")
    scaled, _ = steps(run)[0]
    _, pod, *_ = happened(run, "pod_created")[0]
    ready = next(at for at, name, *_ in happened(run, "pod_ready") if name == pod)
    used = next(at for at, *_, detail in happened(run, "target_healthy") if f"{pod}," in detail)
    assert 0 < scaled - SURGE <= SCRAPE + SYNC
    assert 8 <= ready - scaled <= 8 + 5
    assert 5 <= used - ready <= 5 + 5


def test_each_step_waits_until_the_last_ones_pods_are_measured(whole):
    """Pods count from a scrape whose whole 15 s they were ready for: a cycle takes their start and
    15 s at the least; at most readiness, registration, check, two scrapes and a sync besides."""
    up = [at for at, how in steps(whole("hpa-lag")) if how != "11 to 4"]
    for before, after in pairwise(up):
        assert 8 + SCRAPE < after - before <= 8 + 5 + 10 + 2 * SCRAPE + SYNC


def test_what_is_lost_meanwhile(whole):
    """1 - 100 n / 800 of the load with n Pods: a half with 4, a quarter with 6, none with 8."""
    run = whole("hpa-lag")
    at, gone = seconds(run), lost(run)
    healthy = [when for when, *_ in happened(run, "target_healthy")]

    def share(begin, end):
        return gone[(at > begin) & (at < end)].mean()

    assert share(SURGE + 2, healthy[0]) == pytest.approx(0.5, abs=0.02)
    assert share(healthy[1] + 2, healthy[2]) == pytest.approx(0.25, abs=0.02)
    assert share(healthy[3] + 2, OVER) == 0


def test_it_shrinks_300_s_after_the_last_time_that_more_was_wanted(whole):
    """That was at the last look before the surge was over, or until a scrape knows of it."""
    at, _ = steps(whole("hpa-lag"))[-1]
    assert OVER + 300 - SYNC < at <= OVER + 300 + SCRAPE + SYNC
