"""The queues of a run against a recursion that knows nothing of events."""

import numpy as np
import pytest

from emu.distributions import sample
from emu.random_streams import SERVICE
from emu.recorder.rows import ABSENT

SPEC = """
seed: {seed}
requests: 4000
nodePools: [{{name: node, nodes: 2}}]
loadBalancers:
  - name: edge
    address: 192.168.1.1
    listeners: [{{service: default/web}}]
    strategy: {strategy}
network: {{internal: {{exponential: {{mean: 1ms}}}}}}
behaviours: [{{workers: {workers}, serviceTime: {{lognormal: {{mean: 10ms, cv: 2}}}}}}]
clients:
  - {{name: c, url: "http://192.168.1.1/", arrivals: {{poisson: {{rate: {rate}/s}}}}}}
  - {{name: d, url: "http://192.168.1.1/", arrivals: {{constant: {{rate: {rate}/s}}}}}}
"""
THREE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web}]}
"""


def recursion(arrivals, services, workers):
    """Start and end of each service, first come, first served (all int, in order of arrival).

    Source: J. Kiefer, J. Wolfowitz, "On the theory of queues with many servers", Transactions of
    the American Mathematical Society 78 (1955): the times at which the servers are free, sorted.
    """
    free, starts = [0] * workers, []
    for arrival, service in zip(arrivals, services, strict=True):
        start = max(arrival, free[0])
        starts.append(start)
        free = sorted([start + service, *free[1:]])
    return np.array(starts), np.array(starts) + np.array(services)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("strategy", ["round_robin", "random", "least_connections"])
def test_services_are_those_of_the_recursion(described, play, strategy, workers):
    """Given when requests came to a Pod, a recursion gives every service's times, exactly."""
    rate = 120 * workers
    run = play(described(SPEC.format(seed=6, strategy=strategy, workers=workers, rate=rate), THREE))
    assert run.outcomes == {"ok": 4000}
    model, waited = run.model, 0
    for pod in range(3):
        rows = run.rows[run.rows["pod"] == pod]
        rows = rows[np.lexsort((rows["request"], rows["pod_ns"]))]
        services = [
            sample(model.network.table, model.pods["service_time"][pod], 6, SERVICE, request, 0)
            for request in rows["request"]
        ]
        starts, ends = recursion(rows["pod_ns"].tolist(), services, workers)
        assert (rows["service_start_ns"] == starts).all()
        assert (rows["service_end_ns"] == ends).all()
        waited += np.count_nonzero(starts > rows["pod_ns"])
    assert waited > 500


def test_queue_lengths_are_those_of_the_recursion(described, play):
    """The queue that a request meets is how many came before it and had not begun."""
    run = play(described(SPEC.format(seed=8, strategy="random", workers=1, rate=130), THREE))
    assert ABSENT not in run.rows["queue_length"]
    for pod in range(3):
        rows = run.rows[run.rows["pod"] == pod]
        rows = rows[np.lexsort((rows["request"], rows["pod_ns"]))]
        begun = np.searchsorted(rows["service_start_ns"], rows["pod_ns"], side="right")
        ahead = np.arange(len(rows)) - np.minimum(begun, np.arange(len(rows)))
        assert (rows["queue_length"] == ahead).all()
    assert run.rows["queue_length"].max() > 5
