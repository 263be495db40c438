"""The rules of all nodes, from Services and their EndpointSlices."""

import pytest

from emu.hops.node import Entry, Source, Verdict, rule_number
from emu.model.build import build

SPEC = """
duration: 1s
nodePools: [{name: node, nodes: 3}]
clients: [{name: c, node: node-1, url: "http://web/", arrivals: {constant: {rate: 1/s}}}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""
LOCAL = SERVICE.replace("type:", "externalTrafficPolicy: Local, type:")
INTERNAL = SERVICE.replace("type:", "internalTrafficPolicy: Local, type:")
PODS = "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: web-{number}, labels: {{app: web}}}}
spec: {{nodeName: node-{node}, containers: [{{name: web, ports: [{{name: http, containerPort: {port}}}]}}]}}
"""  # noqa: E501
    for number, node, port in [(1, 1, 8080), (2, 1, 8080), (3, 2, 9090)]
)
"""Pods 0 and 1 on node 0, Pod 2 on node 1 with another port of the same name, none on node 2."""


class Rules:
    """The rules of a model for its first Service port."""

    def __init__(self, model):
        self.model = model

    def rule(self, node, entry, source):
        """The rule for one kind of packet."""
        services = len(self.model.places.services)
        return self.model.rules[rule_number(services, node, 0, entry, source)]

    def given(self, node, entry=Entry.NODE_PORT, source=Source.OUTSIDE):
        """The Pods and ports that it translates to, or its verdict."""
        rule = self.rule(node, entry, source)
        if rule["verdict"] != Verdict.DNAT:
            return Verdict(int(rule["verdict"])).name
        members = self.model.members[rule["first"] : rule["first"] + rule["count"]]
        return sorted(self.model.endpoints[members].tolist())


@pytest.fixture
def rules(described):
    """The rules of a scenario with these objects."""
    return lambda *objects: Rules(build(described(SPEC, "".join(objects))))


ALL = [(0, 8080), (1, 8080), (2, 9090)]


def test_under_cluster_every_node_has_every_endpoint(rules):
    """By NodePort and by ClusterIP, from everywhere, on every node."""
    found = rules(SERVICE, PODS)
    for node in range(3):
        for entry in Entry:
            for source in Source:
                assert found.given(node, entry, source) == ALL


def test_under_local_a_node_has_its_own(rules):
    """From outside a node gives its own Pods or drops; from inside it gives all."""
    found = rules(LOCAL, PODS)
    assert [found.given(node) for node in range(3)] == [ALL[:2], ALL[2:], "DROP"]
    assert [found.given(node, source=Source.POD) for node in range(3)] == [ALL] * 3
    assert [found.given(node, Entry.CLUSTER_IP, Source.NODE) for node in range(3)] == [ALL] * 3


def test_under_internal_local_a_cluster_ip_means_this_node(rules):
    """internalTrafficPolicy Local: a ClusterIP gives local Pods or drops; a NodePort gives all."""
    found = rules(INTERNAL, PODS)
    inside = [found.given(node, Entry.CLUSTER_IP, Source.POD) for node in range(3)]
    assert inside == [ALL[:2], ALL[2:], "DROP"]
    assert [found.given(node) for node in range(3)] == [ALL] * 3


def test_without_pods_everything_is_rejected(rules):
    """No endpoint anywhere: REJECT under every policy."""
    for service in (SERVICE, LOCAL, INTERNAL):
        found = rules(service)
        assert {found.given(n, e, s) for n in range(3) for e in Entry for s in Source} == {"REJECT"}


def test_masquerading_follows_the_policy(rules):
    """Under Cluster NodePorts are masqueraded, under Local only the node's own packets."""
    cluster, local = (rules(service, PODS) for service in (SERVICE, LOCAL))
    for source in Source:
        assert cluster.rule(0, Entry.NODE_PORT, source)["masquerade"]
        assert not cluster.rule(0, Entry.CLUSTER_IP, source)["masquerade"]
        assert bool(local.rule(0, Entry.NODE_PORT, source)["masquerade"]) == (source == Source.NODE)


SLICE = """---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{ports}]
endpoints: [{endpoints}]
"""


def slice_of(name, *endpoints, ports='{name: "", port: 8080}'):
    """An EndpointSlice of the Service."""
    return SLICE.format(name=name, ports=ports, endpoints=", ".join(endpoints))


READY = "{{addresses: [{}], conditions: {{ready: true}}}}"
LEAVING = "{{addresses: [{}], conditions: {{ready: false, serving: true, terminating: true}}}}"
GONE = "{{addresses: [{}], conditions: {{ready: false, serving: false, terminating: true}}}}"


def addresses(found):
    """The addresses that node 0 gives."""
    rule = found.rule(0, Entry.CLUSTER_IP, Source.NODE)
    members = found.model.members[rule["first"] : rule["first"] + rule["count"]]
    return [found.model.places.endpoints[member] for member in members]


def test_slices_are_joined_and_addresses_counted_once(rules):
    """Endpoints of several slices are one set, in the order of their addresses."""
    found = rules(
        SERVICE,
        slice_of("b", READY.format("10.1.0.3"), READY.format("10.1.0.1")),
        slice_of("a", READY.format("10.1.0.2"), READY.format("10.1.0.3")),
    )
    assert addresses(found) == [(f"10.1.0.{last}", 8080) for last in (1, 2, 3)]
    assert found.model.endpoints["pod"].tolist() == [-1, -1, -1]


def test_the_slices_port_of_the_same_name_counts(rules):
    """A slice may hold several ports: the one named as the Service's is the target."""
    ports = '{name: admin, port: 9000}, {name: "", port: 8081}'
    found = rules(SERVICE, slice_of("a", READY.format("10.1.0.1"), ports=ports))
    assert addresses(found) == [("10.1.0.1", 8081)]


def test_terminating_endpoints_stand_in_for_ready_ones(rules):
    """Serving and terminating ones are used while none is ready, those gone never."""
    leaving, gone = LEAVING.format("10.1.0.1"), GONE.format("10.1.0.2")
    alone = rules(SERVICE, slice_of("a", leaving, gone))
    assert addresses(alone) == [("10.1.0.1", 8080)]
    beside = rules(SERVICE, slice_of("a", leaving, gone, READY.format("10.1.0.3")))
    assert addresses(beside) == [("10.1.0.3", 8080)]
