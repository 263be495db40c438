"""A load balancer before Pods, container-native: it connects to them itself."""

from collections import Counter

import pytest

from emu.model.build import build
from emu.recorder.rows import ABSENT, ROW, Outcome

US, MS, S = 1_000, 1_000_000, 1_000_000_000
CLIENT_TO_LB, LB_TO_POD = 10 * MS + 250 * US, 500 * US + 20 * US

SPEC = """
requests: 12
nodePools: [{name: node, nodes: 2}]
loadBalancers:
  - {name: edge, address: 192.168.1.1, target: pod, listeners: [{service: default/web}]}
behaviours: [{selector: {app: web}, appPort: 8080, serviceTime: 20ms}]
clients: [{name: c, url: "http://192.168.1.1/", arrivals: {constant: {rate: 10/s}}}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""
PODS = "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: web-{number}, labels: {{app: web}}}}
spec: {{nodeName: node-{node}, containers: [{{name: web}}]}}
status: {{podIP: 10.244.{node - 1}.{number}}}
"""
    for number, node in [(1, 1), (2, 1), (3, 2)]
)
SLICE = """
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{protocol: TCP, port: 8080}}]
endpoints:
  - {{addresses: [10.244.0.1], conditions: {{ready: {first}}}}}
  - {{addresses: [{second}], conditions: {{ready: false, serving: true, terminating: true}}}}
"""


@pytest.fixture
def run(described, play):
    """Runs the scenario with changes, before the Service or what stands in its place."""

    def played(objects=SERVICE, **changes):
        return play(described(SPEC, objects + PODS, **changes))

    return played


def by_pod(run):
    """How many requests each Pod was given."""
    return [Counter(run.rows["pod"].tolist())[number] for number in range(3)]


def test_a_request_hop_by_hop(run):
    """Three ways to the load balancer, three on to the Pod; no node, no translation, no entry."""
    made = run(requests=1)
    (row,) = made.rows
    lb = 3 * CLIENT_TO_LB
    pod = lb + 3 * LB_TO_POD
    response = pod + 20 * MS + LB_TO_POD
    assert dict(zip(ROW.names, row.tolist(), strict=True)) == {
        "request": 0, "attempt": 0, "client": 0, "request_class": 0,
        "connection": 0, "new_connection": 3, "lb_connection": 1, "outcome": Outcome.OK,
        "intended_ns": 0, "sent_ns": 0, "lb_ns": lb, "node_ns": ABSENT, "pod_ns": pod,
        "service_start_ns": pod, "service_end_ns": pod + 20 * MS, "lb_response_ns": response,
        "done_ns": response + CLIENT_TO_LB,
        "load_balancer": 0, "service": 0, "node": ABSENT, "pod": 0,
        "client_port": 32768, "lb_port": 32768, "masquerade_port": ABSENT,
        "endpoint": 0, "queue_length": 0, "request_bytes": 512, "response_bytes": 2048,
    }  # fmt: skip
    assert made.model.places.endpoints == (("10.244.0.1", 8080), ("10.244.0.2", 8080),
                                           ("10.244.1.3", 8080))  # fmt: skip
    assert made.state.conntrack.live.tolist() == [0, 0]
    assert made.model.expected.nodes == {"node-1": 0, "node-2": 0}


def test_pods_take_turns_whatever_node_they_are_on(run):
    """Two Pods on a node and one on another get a third each; so the load implies."""
    made = run()
    assert by_pod(made) == [4, 4, 4]
    assert list(made.model.expected.pods.values()) == pytest.approx([1 / 3] * 3)
    utilisation = list(made.model.expected.utilisation.values())
    assert utilisation == pytest.approx([10 / 3 * 0.020] * 3)


def test_the_policy_of_the_service_is_no_matter(run):
    """Policies and session affinity are kube-proxy's, and no node is asked."""
    local = SERVICE.replace("{selector", "{type: NodePort, externalTrafficPolicy: Local, "
                            "sessionAffinity: ClientIP, selector")  # fmt: skip
    assert by_pod(run(local)) == [4, 4, 4]


def test_each_pod_is_a_route_of_its_own(run):
    """Source ports are counted towards each Pod: two ports are enough for two requests to each."""
    ports = {"net.ipv4.ip_local_port_range": "40000 40001"}
    made = run(requests=9, **{"kernel.sysctls": ports, "clients[0].addresses": "198.51.100.0/24"})
    assert made.outcomes == {"ok": 6, "ports_exhausted": 3}
    refused = made.rows[made.rows["outcome"] == Outcome.PORTS_EXHAUSTED]
    for field in ("service", "pod", "endpoint", "lb_port"):
        assert set(refused[field]) == {ABSENT}


def test_a_wrong_target_port_is_refused(run):
    """The Pod's RST comes back after one round trip, and the client gets a 502."""
    made = run(**{"behaviours[0].appPort": 9090})
    row = made.rows[0]
    assert made.outcomes == {"refused": 12}
    assert (row["pod"], row["pod_ns"]) == (0, row["lb_ns"] + LB_TO_POD)
    assert row["lb_response_ns"] == row["lb_ns"] + 2 * LB_TO_POD
    assert row["done_ns"] == row["lb_response_ns"] + CLIENT_TO_LB
    assert (row["service_start_ns"], row["node"]) == (ABSENT, ABSENT)


def test_a_full_backlog_refuses(run):
    """A Pod that is busy and may let nobody wait refuses, as behind a node."""
    crowd = {"behaviours[0].backlog": 0, "clients[0].arrivals.constant.rate": "1000/s"}
    made = run(**crowd)
    assert made.outcomes == {"ok": 3, "backlog_full": 9}


def test_an_address_that_no_pod_has_is_silent(run):
    """The load balancer gives up after its connectTimeout; the row says which endpoint it was."""
    objects = SERVICE + SLICE.format(first="true", second="10.244.77.7").replace(
        "ready: false, serving: true, terminating: true", "ready: true"
    )
    made = run(objects, requests=2, **{"loadBalancers[0].connectTimeout": "3s"})
    assert made.outcomes == {"ok": 1, "connect_timeout": 1}
    row = made.rows[1]
    assert made.model.places.endpoints[row["endpoint"]] == ("10.244.77.7", 8080)
    assert (row["pod"], row["pod_ns"], row["service"]) == (ABSENT, ABSENT, 0)
    assert row["lb_response_ns"] == row["lb_ns"] + 3 * S


def test_only_ready_endpoints_are_available(run):
    """What terminates gets nothing; where nothing is ready it does not either, and it is a 502."""
    slices = SERVICE + SLICE.format(first="true", second="10.244.0.2")
    assert by_pod(run(slices)) == [12, 0, 0]
    none = run(SERVICE + SLICE.format(first="false", second="10.244.0.2"))
    assert none.outcomes == {"bad_gateway": 12}
    for field in ("service", "pod", "endpoint", "lb_port"):
        assert set(none.rows[field]) == {ABSENT}


def test_weights_are_those_of_pods(run):
    """By name; nothing said is 1, and 0 gets nothing."""
    weights = {"loadBalancers[0].weights": {"web-1": 3, "default/web-3": 0},
               "loadBalancers[0].strategy": "weighted_round_robin"}  # fmt: skip
    assert by_pod(run(**weights)) == [9, 3, 0]


@pytest.mark.parametrize(
    "spec",
    [
        "clusterIP: None",
        "clusterIP: 'fd00::1', ipFamilies: [IPv6]",
    ],
)
def test_a_service_needs_no_address_that_nodes_have_rules_for(run, spec):
    """A headless Service will do, and one that has no IPv4 address."""
    made = run(SERVICE.replace("{selector", f"{{{spec}, selector"))
    assert made.outcomes == {"ok": 12}
    assert made.model.places.services == ("default/web",)


def test_another_proxys_service(run, described):
    """kube-proxy leaves such a Service alone; its Pods can be balanced, its NodePort refuses."""
    other = SERVICE.replace(
        "name: web", "name: web, labels: {service.kubernetes.io/service-proxy-name: mesh}"
    ).replace("{selector", "{type: NodePort, selector")
    assert run(other).outcomes == {"ok": 12}
    assert run(other, **{"loadBalancers[0].target": "node"}).outcomes == {"refused": 12}


def test_two_listeners_of_one_headless_service(described):
    """They stand before the same Service port."""
    headless = SERVICE.replace("{selector", "{clusterIP: None, selector")
    both = [{"service": "web"}, {"port": 81, "service": "default/web"}]
    model = build(described(SPEC, headless + PODS, **{"loadBalancers[0].listeners": both}))
    assert [its.service for its in model.listeners] == [0, 0]
    assert len(model.endpoints) == 3


def test_pods_in_their_hosts_network(run):
    """Two Pods at one address are told apart by what listens at the port, for weights too."""
    host = (
        "".join(
            f"""---
apiVersion: v1
kind: Pod
metadata: {{name: host-{port}, labels: {{app: host}}}}
spec:
  hostNetwork: true
  nodeName: node-1
  containers: [{{name: host, ports: [{{containerPort: {port}}}]}}]
"""
            for port in (9001, 9002)
        )
        + """---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: host}, ports: [{port: 80, targetPort: 9002}]}
"""
    )
    weights = {"loadBalancers[0].weights": {"host-9001": 0}}
    made = run(host, **weights)
    assert made.outcomes == {"ok": 12}
    assert {made.model.places.pods[pod][0] for pod in made.rows["pod"]} == {"default/host-9002"}


def test_load_balancers_know_nothing_of_each_other(run):
    """Each takes turns for itself, and counts its own requests in flight alone."""
    one = {"name": "one", "address": "192.168.1.1", "target": "pod",
           "listeners": [{"service": "web"}]}  # fmt: skip
    two = one | {"name": "two", "address": "192.168.1.2"}
    client = {"arrivals": {"constant": {"rate": "10/s"}}, "name": "c", "url": "http://192.168.1.1/"}
    both = [client, client | {"name": "d", "url": "http://192.168.1.2/"}]
    taken_in_turn = run(loadBalancers=[one, two], clients=both)
    for balancer in range(2):
        rows = taken_in_turn.rows[taken_in_turn.rows["load_balancer"] == balancer]
        assert rows["pod"].tolist() == [0, 1, 2, 0, 1, 2]
    least = {"strategy": "least_connections"}
    slow = {"behaviours[0].serviceTime": "1h", "duration": "450ms", "requests": None}
    balanced = run(loadBalancers=[one | least, two | least], clients=both, **slow)
    in_flight = [its.backends["in_flight"].tolist() for its in balanced.state.listeners]
    assert [sorted(its) for its in in_flight] == [[1, 2, 2], [1, 2, 2]]
