"""What the load implies for nodes and Pods."""

import pytest

from emu.hops.balancer import BY_WEIGHT
from emu.model.build import build

SPEC = """
duration: 1s
nodePools: [{name: node, nodes: 2}]
dns: {example.com: [192.168.1.1]}
behaviours: [{selector: {app: web}, workers: 2, serviceTime: {exponential: {mean: 10ms}}}]
clients: [{name: c, url: "http://example.com/", arrivals: {poisson: {rate: 120/s}}}]
"""
PODS = "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: web}}}}
spec: {{nodeName: node-{node}, containers: [{{name: web}}]}}
"""
    for name, node in [("a", 1), ("b", 1), ("c", 2)]
)
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 8080}]}
"""
LOCAL = SERVICE.replace("type:", "externalTrafficPolicy: Local, type:")


@pytest.fixture
def expected(described):
    """What the load of a scenario implies."""
    return lambda objects, **changes: build(described(SPEC, objects, **changes)).expected


def pods(found, what="pods"):
    """A figure of the Pods a, b and c."""
    return [getattr(found, what)[f"default/{name}"] for name in "abc"]


def test_under_cluster_all_pods_get_the_same(expected):
    """Two nodes a half each, three Pods a third each, each busy for rate * mean / workers."""
    found = expected(SERVICE + PODS)
    assert found.nodes == {"node-1": 0.5, "node-2": 0.5}
    assert pods(found) == pytest.approx([1 / 3] * 3)
    assert pods(found, "utilisation") == pytest.approx([40 * 0.010 / 2] * 3)
    assert pods(found, "workers") == [2, 2, 2]


def test_under_local_pods_share_what_their_node_gets(expected):
    """Pods 2 + 1 on two nodes get 25, 25 and 50 %."""
    found = expected(LOCAL + PODS)
    assert pods(found) == [0.25, 0.25, 0.5]
    assert pods(found, "utilisation") == pytest.approx([0.15, 0.15, 0.3])


def test_a_limit_is_what_a_pod_can_do(expected):
    """Two workers with half a core are busy for four times as much of what they have; with two
    cores they have no limit."""
    for limit, cores, limits in (("500m", 0.5, [0.5] * 3), ("2", 2, [])):
        resources = f"resources: {{limits: {{cpu: {limit}}}}}"
        found = expected(SERVICE + PODS.replace("name: web}]", f"name: web, {resources}}}]"))
        assert pods(found, "utilisation") == pytest.approx([40 * 0.010 / cores] * 3)
        assert list(found.limits.values()) == limits


@pytest.mark.parametrize("strategy", BY_WEIGHT)
def test_backends_share_by_weight_where_the_strategy_does(expected, strategy):
    """Pods a, b and c of weights 3, 1 and 0 get three quarters, a quarter and nothing."""
    balancer = {"name": "edge", "address": "192.168.1.1", "listeners": [{"service": "web"}]}
    balancer |= {"target": "pod", "strategy": strategy, "weights": {"default/a": 3, "default/c": 0}}
    found = expected(SERVICE + PODS, loadBalancers=[balancer])
    assert pods(found) == pytest.approx([0.75, 0.25, 0])


def test_weights_are_nothing_to_other_strategies_unless_they_are_0(expected):
    """Round robin goes round those that weigh anything."""
    balancer = {"name": "edge", "address": "192.168.1.1", "listeners": [{"service": "web"}]}
    balancer |= {"target": "pod", "weights": {"default/a": 3, "default/c": 0}}
    assert pods(expected(SERVICE + PODS, loadBalancers=[balancer])) == pytest.approx([0.5, 0.5, 0])


def test_a_wrong_port_gets_requests_and_serves_none(expected):
    """A Pod that listens elsewhere is given its share, and refuses it: no work is implied."""
    found = expected(SERVICE + PODS, behaviours=[{"appPort": 9999}])
    assert pods(found) == pytest.approx([1 / 3] * 3)
    assert pods(found, "utilisation") == [0, 0, 0]


def test_no_endpoints_imply_no_work(expected):
    """What is rejected reaches no Pod; the nodes still get it."""
    found = expected(SERVICE.replace("app: web}", "app: nobody}") + PODS)
    assert found.nodes == {"node-1": 0.5, "node-2": 0.5}
    assert pods(found) == pods(found, "utilisation") == [0, 0, 0]


def test_overload_exceeds_one(expected):
    """Utilisation is load over capacity: three times what can be served is 3."""
    found = expected(SERVICE + PODS, behaviours=[{"serviceTime": "75ms", "workers": 1}])
    assert pods(found, "utilisation") == pytest.approx([3.0] * 3)


def test_speeds_multiply_and_divide_the_load(expected):
    """On a node of half the speed Pods are twice as busy, and one of a quarter of that eight times;
    the shares are what they were."""
    speeds = {"nodes": {"node-1": 0.5}, "pods": {"b": 0.25}}
    found = expected(SERVICE + PODS, speeds=speeds)
    assert pods(found) == pytest.approx([1 / 3] * 3)
    assert pods(found, "utilisation") == pytest.approx([0.4, 1.6, 0.2])
    behaviour = {"selector": {"app": "web"}, "speed": 2, "serviceTime": "10ms"}
    found = expected(SERVICE + PODS, speeds=speeds, behaviours=[behaviour])
    assert pods(found, "utilisation") == pytest.approx([0.4, 1.6, 0.2])


def test_clients_count_by_their_rates(expected):
    """A client on node-1 that calls the ClusterIP adds to its own node and to all Pods."""
    client = {"url": "http://example.com/", "arrivals": {"constant": {"rate": "60/s"}}}
    clients = [
        client | {"name": "outside"},
        client | {"name": "inside", "node": "node-1", "url": "http://web:8080/"},
    ]
    found = expected(SERVICE + PODS, clients=clients)
    assert found.nodes == {"node-1": 0.75, "node-2": 0.25}
    assert pods(found) == pytest.approx([1 / 3] * 3)
    assert pods(found, "utilisation") == pytest.approx([40 * 0.010 / 2] * 3)


def test_a_client_of_one_pod_loads_that_pod(expected):
    """Requests to a Pod's own address are its alone, and pass no node's rules."""
    objects = SERVICE + PODS + "status: {podIP: 10.244.9.9}\n"
    client = {"name": "c", "node": "node-1", "arrivals": {"constant": {"rate": "60/s"}}}
    found = expected(objects, clients=[client | {"url": "http://10.244.9.9:8080/"}])
    assert pods(found) == [0, 0, 1]
    assert pods(found, "utilisation") == pytest.approx([0, 0, 0.3])
    assert found.nodes == {"node-1": 0, "node-2": 0}


def test_addresses_of_a_name_share_its_load(expected):
    """Of a name with two addresses one leads nowhere: half of the load reaches the Pods."""
    dns = {"example.com": ["192.168.1.1", "198.51.100.9"]}
    found = expected(SERVICE + PODS, dns=dns)
    assert pods(found, "utilisation") == pytest.approx([20 * 0.010 / 2] * 3)
