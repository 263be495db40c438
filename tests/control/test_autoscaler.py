"""HorizontalPodAutoscalers and the metrics server, over time."""

import pytest

HPA = """
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 20
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
"""
REQUEST = {"resources.requests.cpu": "1"}


@pytest.fixture
def scaled(lived):
    """A cluster whose four Pods are at 90 % of their request, of two workers each, from 0 on: each
    is busy for 9 of every 10 tenths of a second. ``at`` changes the share."""

    def life(most=20, **changes):
        life = lived(HPA.replace("20", str(most)), container=REQUEST, timeline=[], **changes)
        life.share = 9

        def work(tick=0):
            for pod in life.api.pods.values():
                if pod.number >= 0:
                    life.state.pods["busy"][pod.number] = tick % 10 < life.share
            life.at(0.1, lambda: work(tick + 1))

        life.at(0.05, work)
        return life

    return life


def sizes(life):
    """When the Deployment was scaled, and how."""
    return [(event[0], event[4]) for event in life.told.events if event[1] == "deployment_scaled"]


def test_four_at_180_percent_of_the_target_become_eight(scaled):
    """At the first look after the first scrape, and no more while the new ones start."""
    life = scaled().run(40)
    ((at, change),) = sizes(life)
    assert 15 < at <= 30
    assert change == "4 to 8"
    assert life.told.events[0][3] == "HPA default/web"


def test_within_the_tolerance_nothing_happens(scaled):
    """At 1.09 of the target, and at 0.91."""
    life = scaled(seed=2)
    life.share = 5
    assert sizes(life.run(400)) == []


def test_down_only_after_300_s(scaled):
    """From the last look at which as many were wanted on; never below minReplicas."""
    life = scaled()
    life.share = 5
    life.at(105, lambda: setattr(life, "share", 1))
    life.run(600)
    ((at, change),) = sizes(life)
    assert 405 <= at <= 435
    assert change == "4 to 2"


def test_not_more_than_the_most(scaled):
    """However busy they are."""
    life = scaled(most=5).run(400)
    assert sizes(life)[-1][1] == "4 to 5"


def test_a_deployment_outside_its_bounds_is_brought_within(scaled):
    """At the first look, whatever its Pods do."""
    life = scaled()
    life.at(1, lambda: life.world.scale("web", 30))
    life.run(16)
    assert sizes(life)[1][1] == "30 to 20"


def test_a_deployment_scaled_to_none_is_left_alone(scaled):
    """So people switch an autoscaler off."""
    life = scaled()
    life.at(1, lambda: life.world.scale("web", 0))
    assert [change for _, change in sizes(life.run(100))] == ["4 to 0"]


def test_what_the_metrics_server_sees(scaled):
    """The mean over the 15 s before its last scrape, within two of its 150 looks, of Pods that were
    there for all of them."""
    life = scaled()
    life.at(20, lambda: life.world.scale("web", 5))
    life.run(14)
    assert life.world.metrics.milli == {}
    life.run(31)
    assert life.world.metrics.milli == {pod: pytest.approx(900, abs=14) for pod in range(4)}
    life.run(46)
    assert life.world.metrics.milli[4] == pytest.approx(900, abs=14)
