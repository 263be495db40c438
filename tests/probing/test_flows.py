"""Answers to a list of flows, from Kubernetes objects alone."""

import json

import pytest

import emu
from emu.errors import ScenarioError, UnknownNameError

OBJECTS = """
apiVersion: v1
kind: Node
metadata: {name: a, labels: {topology.kubernetes.io/zone: "1"}}
spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24, "fd00:1::/64"]}
status: {addresses: [{type: InternalIP, address: 10.0.0.1}, {type: InternalIP, address: "fd00::1"}]}
---
apiVersion: v1
kind: Node
metadata: {name: b}
status: {addresses: [{type: InternalIP, address: 10.0.0.2}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.1
  clusterIPs: [10.96.0.1, "fd00:96::1"]
  externalTrafficPolicy: Local
  externalIPs: [198.51.100.7]
  loadBalancerSourceRanges: [" 203.0.113.0/24 "]
  healthCheckNodePort: 31000
  ports:
    - {name: http, port: 80, nodePort: 20001}
    - {name: dns, port: 53, protocol: UDP}
    - {name: sig, port: 2905, protocol: SCTP}
status: {loadBalancer: {ingress: [{ip: 198.51.100.8}, {ip: 198.51.100.9, ipMode: Proxy}]}}
---
apiVersion: v1
kind: Service
metadata: {name: plain}
spec: {type: NodePort, clusterIP: 10.96.0.2, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}, {name: dns, port: 5353, protocol: UDP}, {name: sig, protocol: SCTP}]
endpoints:
  - {addresses: [10.244.1.2], nodeName: a}
  - {addresses: [10.244.2.2], nodeName: b, conditions: {ready: true}}
  - {addresses: [10.244.9.9], conditions: {ready: false, terminating: true}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-2, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv6
ports: [{name: http, port: 8080}]
endpoints: [{addresses: ["fd00:1::2"], nodeName: a}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: stray, labels: {kubernetes.io/service-name: nobody}}
addressType: IPv4
ports: [{port: 80}]
endpoints: [{addresses: [10.244.1.3]}]
"""  # noqa: E501
A, B = "10.244.1.2:8080", "10.244.2.2:8080"


@pytest.fixture
def ask(tmp_path):
    """What a flow meets: node, source, destination and port, and what else its fields say."""
    path = tmp_path / "objects.yaml"
    path.write_text(OBJECTS)

    def asked(node, source, destination, port, **fields):
        flow = {"name": "f", "node": node, "source": source, "destination": destination}
        (answer,) = emu.probe(path, [emu.Flow.model_validate(flow | {"port": port} | fields)])
        return answer

    return asked


CASES = [
    ("a", "10.244.1.9", "10.96.0.1", 80, {}, "DNAT", {A, B}, False),
    ("a", "10.244.1.9", "10.96.0.1", 53, {"protocol": "UDP"}, "DNAT", {"10.244.1.2:5353",
     "10.244.2.2:5353"}, False),
    ("a", "10.244.1.9", "10.96.0.1", 53, {}, "NONE", set(), False),
    ("a", "10.244.1.9", "10.96.0.1", 2905, {"protocol": "SCTP"}, "REJECT", set(), False),
    ("a", "203.0.113.5", "10.0.0.1", 20001, {}, "DNAT", {A}, False),
    ("b", "203.0.113.5", "10.0.0.2", 20001, {}, "DNAT", {B}, False),
    ("a", "10.0.0.1", "10.0.0.1", 20001, {}, "DNAT", {A, B}, True),
    ("a", "203.0.113.5", "198.51.100.7", 80, {}, "DNAT", {A}, False),
    ("a", "203.0.113.5", "198.51.100.8", 80, {}, "DNAT", {A}, False),
    ("a", "192.0.2.5", "198.51.100.8", 80, {}, "DROP", set(), False),
    ("a", "203.0.113.5", "198.51.100.9", 80, {}, "NONE", set(), False),
    ("a", "10.244.1.9", "10.96.0.2", 80, {}, "REJECT", set(), False),
    ("a", "203.0.113.5", "10.0.0.1", 30000, {}, "NONE", set(), False),
    ("a", "fd00:1::9", "fd00:96::1", 80, {}, "DNAT", {"[fd00:1::2]:8080"}, False),
    ("a", "2001:db8::1", "fd00::1", 20001, {}, "DNAT", {"[fd00:1::2]:8080"}, False),
    ("a", "fd00:1::2", "fd00:96::1", 80, {}, "DNAT", {"[fd00:1::2]:8080"}, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("node", "source", "destination", "port", "fields", "action", "endpoints", "masquerade"), CASES
)
def test_what_a_flow_meets(
    ask, node, source, destination, port, fields, action, endpoints, masquerade
):
    """Protocols, families, policies and addresses decide; the objects are taken as they are."""
    found = ask(node, source, destination, port, **fields)
    assert (found.action, set(found.endpoints), found.masquerade) == (action, endpoints, masquerade)
    assert found.reason


def test_a_pod_that_may_reach_itself(ask):
    """Of two endpoints one is the sender: that one is named."""
    found = ask("a", "10.244.1.2", "10.96.0.1", 80)
    assert (found.masquerade, found.hairpin) == (False, (A,))
    assert found.reason.endswith("its source stays")
    alone = ask("a", "fd00:1::2", "fd00:96::1", 80)
    assert alone.hairpin == ("[fd00:1::2]:8080",)
    assert alone.reason.endswith("its source stays, but it reaches itself: masqueraded")


def test_health_checks_meet_no_rule(ask):
    """What the node's own kube-proxy answers stands in the reason."""
    here, there = (
        ask(node, "203.0.113.5", f"10.0.0.{i}", 31000) for node, i in (("a", 1), ("b", 2))
    )
    assert (here.action, here.endpoints, there.action) == ("NONE", (), "NONE")
    assert here.reason == "kube-proxy answers 200: shop/web has 1 ready endpoint on a"
    assert there.reason == "kube-proxy answers 200: shop/web has 1 ready endpoint on b"
    assert ask("a", "203.0.113.5", "fd00::1", 31000).reason.startswith("kube-proxy answers 200")


def test_hairpins_can_be_expected(ask):
    """By the endpoints that are masqueraded as they are the sender."""
    flow = ("a", "10.244.1.2", "10.96.0.1", 80)
    assert ask(*flow, expect={"hairpin": [A]}).differs == ()
    assert ask(*flow, expect={"hairpin": []}).differs == ("hairpin none were expected",)


def test_what_differs_is_said(ask):
    """Each part of what was expected, in any order of the endpoints; nothing where it is met."""
    flow = ("a", "10.244.1.9", "10.96.0.1", 80)
    met = {"action": "DNAT", "endpoints": [B, A], "masquerade": False}
    assert ask(*flow, expect=met).differs == ()
    assert ask(*flow, expect={}).differs == ()
    wrong = {"action": "DROP", "endpoints": [A], "masquerade": True}
    assert ask(*flow, expect=wrong).differs == (
        "action DROP was expected", f"endpoints {A} were expected", "masquerade true was expected",
    )  # fmt: skip


def test_an_unknown_node_is_refused(ask):
    """The message names the flow and lists the nodes."""
    with pytest.raises(UnknownNameError, match="node of flow 'f' 'c'; known: a, b"):
        ask("c", "10.244.1.9", "10.96.0.1", 80)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("{name: f}", "flows.yaml:1: must be a list"),
        ("- f", "flows.yaml:1: [0] = f: must be an object"),
        ("- {name: f, node: a, source: 10.0.0.999, destination: 10.0.0.1, port: 80}",
         "flows.yaml:1: [0].source = 10.0.0.999: must be an IP address such as 10.244.1.2 or "
         "fd00::2"),
        ("- {name: f, node: a, source: 10.0.0.9, destination: 10.0.0.1, port: 65536}",
         "flows.yaml:1: [0].port = 65536: must be at most 65535"),
        ("- {name: f, node: a, source: 10.0.0.9, destination: 10.0.0.1, port: 80, expect: {action: "
         "ACCEPT}}",
         "flows.yaml:1: [0].expect.action = ACCEPT: must be 'DNAT', 'REJECT', 'DROP' or 'NONE'"),
        ("- {name: f, node: a, destination: 10.0.0.1, port: 80}",
         "flows.yaml:1: [0].source: is required"),
    ],
)  # fmt: skip
def test_bad_flows_are_refused(tmp_path, monkeypatch, text, mistake):
    """File, line, path, value and rule."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "objects.yaml").write_text(OBJECTS)
    (tmp_path / "flows.yaml").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        emu.probe("objects.yaml", "flows.yaml")
    assert str(caught.value) == mistake


def test_objects_as_json(tmp_path):
    """One JSON list of objects, as kubectl prints it, is read like a stream of YAML."""
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "w"},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80}]},
    }  # fmt: skip
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}}
    path, flows = tmp_path / "objects.json", tmp_path / "flows.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [service, node]}))
    flow = {"name": "f", "node": "a", "source": "10.0.0.9", "destination": "10.96.0.1", "port": 80}
    flows.write_text(json.dumps([flow]))
    (answer,) = emu.probe(path, flows)
    assert (answer.action, answer.reason) == ("REJECT", "default/w has no endpoints")
