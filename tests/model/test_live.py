"""What there is room for in a run whose cluster changes."""

import pytest

from emu.model.build import build
from emu.model.live import growth_of
from emu.recorder.rows import Outcome
from tests.engines.deployment import deployed
from tests.engines.test_lives import HPA

SPEC = """
duration: 60s
nodePools: [{name: node, nodes: 2}]
loadBalancers:
  - {name: edge, address: 192.168.1.1, target: pod, listeners: [{service: default/web}]}
timeline: [{at: 10s, do: rollout, deployment: web}]
clients: [{name: c, url: "http://192.168.1.1/", arrivals: {constant: {rate: 1/s}}}]
"""
OBJECTS = deployed(2).replace("{name: web}]", "{name: web, resources: {requests: {cpu: 10m}}}]")
SCALED = {"at": "10s", "do": "scale", "deployment": "web", "replicas": 40}
AT_RANDOM = {"do": "scale", "deployment": "web", "replicas": 30, "mtbf": "60s"}
AUTOSCALER = HPA.replace("maxReplicas: 20", "maxReplicas: 50")


@pytest.mark.parametrize(
    ("more", "changes", "most"),
    [
        ("", {}, 2),
        ("", {"timeline": [SCALED]}, 40),
        ("", {"faults": [AT_RANDOM]}, 30),
        (AUTOSCALER, {}, 50),
        (AUTOSCALER, {"timeline": [SCALED], "faults": [AT_RANDOM]}, 50),
    ],
)
def test_there_is_room_for_what_may_come(described, more, changes, most):
    """A Deployment grows to what somebody may ask for; a load balancer has four places for each."""
    scenario = described(SPEC, OBJECTS + more, **changes)
    assert growth_of(scenario.spec, scenario.cluster) == {"default/web": most - 2}
    model = build(scenario)
    assert len(model.listeners[0].backends) == 4 * most + 8
    assert model.room.pods == 8 * most + 20_000


def test_many_more_than_at_first_are_balanced(described, play):
    """From 2 Pods to 40, all of which are replaced later: each has a place, and serves."""
    timeline = [SCALED, {"at": "30s", "do": "rollout", "deployment": "web"}]
    run = play(described(SPEC, OBJECTS, timeline=timeline, duration="100s"))
    assert len(run.pods) == 38 + 40
    assert run.outcomes["ok"] > 90
    served = run.rows["pod"][run.rows["outcome"] == Outcome.OK]
    assert len({int(pod) for pod in served if pod >= 40}) > 30


def test_each_pod_is_an_endpoint_of_every_port_that_selects_it(described):
    """There is room for both ports, each of which a node may reach or lose."""
    two = OBJECTS.replace("ports: [{port", "ports: [{name: b, port: 81}, {name: a, port", 1)
    for objects, ports in ((OBJECTS, 1), (two, 2)):
        model = build(described(SPEC, objects))
        more = model.room.pods - len(model.pods)
        assert model.room.endpoints == len(model.endpoints) + 2 * ports * more
