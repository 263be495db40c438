"""What stands behind a URL, seen from where its client is."""

import pytest

from emu.model.build import build
from emu.model.targets import TargetKind

SPEC = """
duration: 1s
nodePools: [{{name: node, nodes: 2}}]
dns: {{example.com: [192.168.1.1, 192.168.1.2]}}
loadBalancers:
  - {{name: one, address: 192.168.1.1, listeners: [{{service: shop/web}}, {{port: 81, service: api}}]}}
  - {{name: two, address: 192.168.1.2, listeners: [{{service: shop/web, servicePort: admin}}]}}
clients: [{{name: c, {place} url: "{url}", arrivals: {{constant: {{rate: 1/s}}}}}}]
"""  # noqa: E501
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  clusterIP: 10.96.0.1
  selector: {app: web}
  ports: [{name: http, port: 80, nodePort: 30001}, {name: admin, port: 9000, nodePort: 30002}]
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {type: NodePort, clusterIP: 10.96.0.2, selector: {app: api}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: caller}
spec: {nodeName: node-2, containers: [{name: caller}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web}}
spec: {nodeName: node-1, containers: [{name: web}]}
status: {podIP: 10.244.1.9}
"""
OUTSIDE, ON_NODE, IN_POD = "", "node: node-2,", "pod: caller,"
NODE_1, NODE_2, ONE, TWO, CLIENT = range(5)
"""Vertices, as hosts are numbered: nodes, load balancers, clients outside."""


@pytest.fixture
def model(described):
    """The model of a scenario in which one client calls a URL."""
    return lambda place, url: build(described(SPEC.format(place=place, url=url), OBJECTS))


def found(model, number=0):
    """What stands behind the client's address, in words."""
    target = model.targets[number]
    kind = TargetKind(int(target["kind"]))
    if kind == TargetKind.SERVICE:
        name = model.places.services[target["service"]]
        way_in = model.decisions[target["rule"]].front.entry.name
        return f"{name} by {way_in} of node {target['node'] + 1}"
    if kind == TargetKind.LISTENER:
        listener = model.listeners[target["listener"]]
        return f"listener {listener.port} for {model.places.services[listener.service]}"
    if kind == TargetKind.POD:
        return f"pod {model.places.pods[target['pod']][0]} at {target['port']}"
    return kind.name


@pytest.mark.parametrize(
    ("place", "url", "what"),
    [
        (OUTSIDE, "http://192.168.1.1/", "listener 80 for shop/web:http"),
        (OUTSIDE, "http://192.168.1.1:81/", "listener 81 for default/api"),
        (OUTSIDE, "http://192.168.1.2/", "listener 80 for shop/web:admin"),
        (OUTSIDE, "http://192.168.1.1:82/", "CLOSED"),
        (OUTSIDE, "http://192.168.1.101:30001/", "shop/web:http by NODE_PORT of node 2"),
        (OUTSIDE, "http://192.168.1.100:30002/", "shop/web:admin by NODE_PORT of node 1"),
        (OUTSIDE, "http://192.168.1.100:80/", "CLOSED"),
        (OUTSIDE, "http://10.96.0.1/", "NOWHERE"),
        (OUTSIDE, "http://10.244.1.9:8080/", "NOWHERE"),
        (OUTSIDE, "http://198.51.100.1/", "NOWHERE"),
        (IN_POD, "http://10.96.0.1/", "shop/web:http by CLUSTER_IP of node 2"),
        (IN_POD, "http://10.96.0.1:9000/", "shop/web:admin by CLUSTER_IP of node 2"),
        (IN_POD, "http://10.96.0.1:30001/", "NOWHERE"),
        (IN_POD, "http://web.shop/", "shop/web:http by CLUSTER_IP of node 2"),
        (IN_POD, "http://api/", "default/api by CLUSTER_IP of node 2"),
        (IN_POD, "http://192.168.1.100:30001/", "shop/web:http by NODE_PORT of node 1"),
        (IN_POD, "http://192.168.1.1/", "listener 80 for shop/web:http"),
        (IN_POD, "http://10.244.1.9:8080/", "pod shop/web-1 at 8080"),
        (IN_POD, "http://10.244.1.9:9999/", "pod shop/web-1 at 9999"),
        (ON_NODE, "http://web.shop:9000/", "shop/web:admin by CLUSTER_IP of node 2"),
        (ON_NODE, "http://192.168.1.101:30001/", "shop/web:http by NODE_PORT of node 2"),
        (ON_NODE, "http://10.200.0.1/", "NOWHERE"),
    ],
)
def test_what_stands_behind_an_address(model, place, url, what):
    """ClusterIPs and Pods from inside only; NodePorts, load balancers from everywhere."""
    assert found(model(place, url)) == what


def test_a_name_stands_for_all_its_addresses(model):
    """A domain with two addresses leads to two targets, in the order in which they are given."""
    made = model(OUTSIDE, "http://example.com/")
    assert made.clients["targets"].tolist() == [2]
    assert made.clients["resolves"].tolist() == [1]
    assert [found(made, 0), found(made, 1)] == [
        "listener 80 for shop/web:http", "listener 80 for shop/web:admin",
    ]  # fmt: skip
    assert made.target_addresses == ("192.168.1.1", "192.168.1.2")


def test_an_address_needs_no_resolver(model):
    """A URL with an address is not looked up, one with a Service's name is."""
    assert model(OUTSIDE, "http://192.168.1.1/").clients["resolves"][0] == 0
    assert model(IN_POD, "http://api/").clients["resolves"][0] == 1


@pytest.mark.parametrize(
    ("place", "vertex", "local_hops", "pod", "source_number"),
    [
        (OUTSIDE, CLIENT, 0, -1, CLIENT),
        (ON_NODE, NODE_2, 0, -1, NODE_2),
        (IN_POD, NODE_2, 1, 0, 4),  # behind the four hosts, Pod number 0
    ],
)
def test_where_a_client_is(model, place, vertex, local_hops, pod, source_number):
    """A client in a Pod is at its node, one hop away, and conntrack knows it as the Pod."""
    client = model(place, "http://192.168.1.1/").clients[0]
    fields = ["vertex", "local_hops", "pod", "source_number"]
    assert [client[name] for name in fields] == [vertex, local_hops, pod, source_number]
