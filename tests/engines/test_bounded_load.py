"""Bounded load over a whole run, from its log."""

import math

import numpy as np
import pytest

from tests.engines.deployment import deployed

PODS = 10
SPEC = f"""
nodePools: [{{name: node, nodes: 2}}]
network: {{internal: 0s, external: 0s, local: 0s}}
requests: 5000
loadBalancers:
  - name: edge
    address: 192.168.1.1
    target: pod
    listeners: [{{service: web}}]
behaviours: [{{workers: 2, serviceTime: {{exponential: {{mean: 20ms}}}}}}]
clients:
  - name: users
    addresses: 198.51.100.0/27
    arrivals: {{poisson: {{rate: {0.8 * PODS * 2 / 0.02}/s}}}}
"""
OBJECTS = deployed(PODS)
"""30 addresses, so that their hashes alone load the Pods unevenly."""


def most_above_cap(rows, factor):
    """By how much the load that a Pod was given ever exceeded ceil(c (T + 1) / n)."""
    arrivals = [(time, 1, pod) for time, pod in zip(rows["lb_ns"], rows["pod"], strict=True)]
    ends = [(time, 0, pod) for time, pod in zip(rows["lb_response_ns"], rows["pod"], strict=True)]
    loads, above = np.zeros(PODS, int), -PODS
    for _, arrives, pod in sorted(arrivals + ends):
        if not arrives:
            loads[pod] -= 1
            continue
        cap = math.ceil(factor * (loads.sum() + 1) / PODS)
        loads[pod] += 1
        above = max(above, loads[pod] - cap)
    return above


@pytest.mark.parametrize("factor", [1, 1.25, 2])
def test_no_pod_is_given_more_than_its_cap(described, play, factor):
    """A Pod is at its cap at times, and never above it when it is given a request."""
    strategy = {"bounded_load": {"balanceFactor": factor}}
    rows = play(described(SPEC, OBJECTS, **{"loadBalancers[0].strategy": strategy})).rows
    assert most_above_cap(rows, factor) == 0


def test_without_a_cap_hashes_exceed_it(described, play):
    """The same clients by ring hash load a Pod far above the cap of 2."""
    strategy = {"loadBalancers[0].strategy": "ring_hash"}
    assert most_above_cap(play(described(SPEC, OBJECTS, **strategy)).rows, 2) > 5
