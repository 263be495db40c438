"""The model as a whole: its size, and that nobody changes it."""

import numpy as np

from emu.model.build import build
from emu.model.state import State
from emu.units import SECOND

LARGE = """
duration: 1s
nodePools: [{name: node, nodes: 1000, zones: [a, b, c]}]
dns: {example.com: [192.168.1.1]}
clients: [{name: c, arrivals: {poisson: {rate: 1/s}}}]
"""
DEPLOYMENT = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 10000
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web}]}
"""


def test_a_thousand_nodes_and_ten_thousand_pods(described):
    """Tables grow with nodes and Pods, not with their product: nodes share one set of endpoints."""
    model = build(described(LARGE, DEPLOYMENT))
    assert len(model.places.nodes) == 1000
    assert len(model.places.pods) == len(model.pods) == len(model.endpoints) == 10_000
    assert np.bincount(model.pods["node"]).tolist() == [10] * 1000
    assert len(model.members) == 10_000
    assert len(model.rules) == len(model.decisions) == 1000
    assert set(model.rules["count"]) == {10_000}
    assert len(model.network.legs) == 1000 + 1 + 1
    assert model.network.core.shape[:2] == (1, 1)
    assert len(model.network.table) < 20
    assert len({address for _, address, _ in model.places.pods}) == 10_000
    assert [len(listener.backends) for listener in model.listeners] == [1000]
    assert set(np.round(list(model.expected.pods.values()), 12)) == {1e-4}


def test_under_local_each_pod_is_laid_out_once(described):
    """Every node has a set of its own then, and the sets have each Pod once."""
    local = DEPLOYMENT.replace("type:", "externalTrafficPolicy: Local, type:")
    model = build(described(LARGE, local))
    assert len(model.members) == 10_000
    assert set(model.rules["count"]) == {10}
    assert model.reachable == (10_000,) * 1000


SMALL = """
seed: 99
duration: 7s
record: {interval: 250ms, hops: 5%}
loadBalancers:
  - name: edge
    address: 192.168.1.1
    listeners: [{service: default/web}]
    strategy: least_connections
    connectTimeout: 3s
behaviours: [{selector: {app: web}, workers: 3, backlog: 17, serviceTime: 20ms}]
clients: [{name: c, timeout: 2s, requestSize: 1Ki, responseSize: 64Ki,
           arrivals: {constant: {rate: 1/s}}}]
"""


def test_what_a_scenario_says_is_in_the_model(described):
    """Numbers of the description arrive in the arrays, durations in nanoseconds."""
    model = build(described(SMALL))
    assert (model.seed, model.end_ns, model.requests) == (99, 7 * SECOND, None)
    assert (model.sample_interval_ns, model.hops_share) == (SECOND // 4, 0.05)
    (listener,) = model.listeners
    assert (listener.strategy.name, listener.connect_timeout_ns) == (
        "least_connections",
        3 * SECOND,
    )
    assert (listener.node_port, listener.vertex) == (30001, 2)
    assert model.pods["workers"].tolist() == [3, 3]
    assert model.pods["backlog"].tolist() == [17, 17]
    (client,) = model.clients
    its = model.classes[client["first_class"]]
    sizes = [client["timeout_ns"], its["request_bytes"], its["response_bytes"]]
    assert sizes == [2 * SECOND, 1024, 65536]
    assert model.places.pods == [
        ("default/web-1", "10.244.1.2", 0), ("default/web-2", "10.244.1.3", 0),
    ]  # fmt: skip


def test_the_first_behaviour_that_selects_a_pod_holds(described):
    """Behaviours are asked in their order; a Pod that none selects has the default one."""
    behaviours = [
        {"selector": {"app": "other"}, "workers": 5},
        {"selector": {"app": "web"}, "namespace": "shop", "workers": 6},
        {"selector": {}, "workers": 7},
        {"selector": {"app": "web"}, "workers": 8},
    ]
    assert build(described(SMALL, behaviours=behaviours)).pods["workers"].tolist() == [7, 7]
    assert build(described(SMALL, behaviours=behaviours[:2])).pods["workers"].tolist() == [1, 1]


def test_a_run_changes_its_own_state_only(described, play):
    """A model is the same after a run, and a second run of it starts as fresh as the first."""
    model = build(described(SMALL))
    first, second = State(model), State(model)
    first.pods["busy"] += 1
    first.listeners[0].backends["in_flight"] += 1
    first.dns["expires_ns"] = 5
    first.arrivals[:] = -1
    assert not second.pods["busy"].any()
    assert not second.listeners[0].backends["in_flight"].any()
    assert second.dns["expires_ns"].tolist() == [-1]
    assert second.arrivals.tolist() == model.arrival_parameters.tolist() == [SECOND, 0]
    assert not model.pods["busy"].any()
    assert not model.listeners[0].backends["in_flight"].any()
    runs = [play(described(SMALL)).rows.tobytes() for _ in range(2)]
    assert runs[0] == runs[1]
