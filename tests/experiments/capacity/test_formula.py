"""What formulas say of a scenario, and when they say nothing."""

import pytest

from emu.analysis.queueing import mmc_mean_response, mmc_response_quantile
from emu.experiments.capacity.formula import Load, load_of, response_of
from emu.experiments.capacity.objectives import parse_objectives
from emu.scenario import load


def test_the_queues_of_a_scenario(sizing):
    """Eight Pods of one worker share 200/s of 20 ms each."""
    assert load_of(load(sizing)) == Load(pods=8, workers=1, rate=200.0, mean_service=0.02)


def test_pods_that_nothing_is_sent_to_are_no_queues(sizing):
    """A behaviour for other Pods, and a Pod that no Service has, change nothing."""
    other = {"selector": {"app": "other"}, "serviceTime": "1s"}
    changed = {"spec.behaviours[1]": other, "spec.nodePools": [{"name": "node", "nodes": 3}]}
    assert load_of(load(sizing, changed)) == load_of(load(sizing))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"spec.clients[0].arrivals": {"constant": {"rate": "200/s"}}}, "arrivals are not Poisson"),
        ({"spec.clients[0].retries": {}}, "clients try again"),
        ({"spec.speeds": {"pods": {"default/web-1": 0.5}}}, "machines differ in speed"),
        ({"spec.behaviours[0].serviceTime": "20ms"}, "service times are constant"),
        ({"spec.behaviours[0].discipline": "processor_sharing"}, "workers are shared"),
        (
            {"spec.loadBalancers[0].target": "node", "Deployment/web.spec.replicas": 3,
             "Service/web.spec.externalTrafficPolicy": "Local"},
            "Pods get unequal shares",
        ),
    ],
)  # fmt: skip
def test_what_formulas_do_not_know(sizing, changes, why):
    """There is a reason for each of them."""
    said = load_of(load(sizing, changes))
    assert isinstance(said, str)
    assert why in said


def test_one_queue_beats_many_at_random():
    """M/M/8 against eight M/M/1 with an eighth of the load, for a mean and for a quantile."""
    queues = Load(pods=8, workers=1, rate=200.0, mean_service=0.02)
    mean, p99 = (response_of(one) for one in parse_objectives("mean<1s and p99<1s"))
    assert queues.shared(mean) == mmc_mean_response(8, 200.0, 0.02)
    assert queues.random(mean) == pytest.approx(0.02 / (1 - 0.5))
    assert queues.shared(p99) == mmc_response_quantile(8, 200.0, 0.02, 0.99)
    assert queues.shared(p99) < queues.random(p99)


def test_other_objectives_have_no_formula():
    """Failures, rates and the largest latency are not in the formulas."""
    assert [response_of(one) for one in parse_objectives("errors<1%,rate>1/s,max<1s")] == [None] * 3
