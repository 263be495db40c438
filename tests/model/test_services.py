"""The rules of all nodes, from Services and their EndpointSlices."""

import pytest

from emu.hops.kubeproxy.traffic import Action
from emu.hops.kubeproxy.view import Packet
from emu.hops.node import Verdict
from emu.model.proxies import Proxies
from emu.model.services import RuleTable

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


OUTSIDE, NODE, POD = "203.0.113.9", "192.168.1.100", "10.244.0.99"


class Rules:
    """What the nodes of a cluster decide about its Service."""

    def __init__(self, cluster):
        self.proxies = Proxies(cluster)
        self.table = RuleTable(cluster, self.proxies)
        (service,) = cluster.services
        self.cluster_ip, self.node_port = service.cluster_ip, service.ports[0].node_port

    def decision(self, node, source=OUTSIDE, node_port=True):
        """What a node decides about a packet to its NodePort, or to the ClusterIP."""
        address = f"192.168.1.{99 + node}"
        to = (address, self.node_port) if node_port else (self.cluster_ip, 80)
        return self.proxies.decide(f"node-{node}", Packet("TCP", source, *to))

    def given(self, *arguments, **options):
        """The endpoints that it translates to, or what it does."""
        found = self.decision(*arguments, **options)
        if found.action != Action.DNAT:
            return found.action.name
        return [(e.address, e.port) for e in found.endpoints]


@pytest.fixture
def rules(described):
    """The rules of a scenario with these objects."""
    return lambda *objects: Rules(described(SPEC, "".join(objects)).cluster)


ALL = [("10.244.0.2", 8080), ("10.244.0.3", 8080), ("10.244.1.2", 9090)]


def test_under_cluster_every_node_has_every_endpoint(rules):
    """By NodePort and by ClusterIP, from everywhere, on every node; each at its own port."""
    found = rules(SERVICE, PODS)
    for node in (1, 2, 3):
        for node_port in (True, False):
            assert found.given(node, OUTSIDE, node_port) == ALL


def test_under_local_a_node_has_its_own(rules):
    """From outside a node gives its own Pods or drops; to the ClusterIP it gives all."""
    found = rules(LOCAL, PODS)
    assert [found.given(node) for node in (1, 2, 3)] == [ALL[:2], ALL[2:], "DROP"]
    assert found.given(1, source=NODE) == ALL
    assert found.given(3, node_port=False) == ALL


def test_a_set_of_endpoints_is_laid_out_once(rules):
    """However many nodes and packets share it; what no rule is about stands as refused."""
    found = rules(SERVICE, PODS)
    table = found.table
    for node in (1, 2, 3):
        packet = Packet("TCP", OUTSIDE, f"192.168.1.{99 + node}", found.node_port)
        assert table.about(f"node-{node}", packet) == node - 1
        assert table.about(f"node-{node}", packet) == node - 1
    closed = table.about("node-1", Packet("TCP", OUTSIDE, "192.168.1.100", 1))
    assert table.members.tolist() == [0, 1, 2]
    assert table.rules["verdict"].tolist() == [0, 0, 0, int(Verdict.REJECT)]
    assert table.decisions[closed].action == Action.NONE
    assert (table.service(0), table.service(closed)) == (0, -1)
    assert table.reachable_from("node-3") == 3


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
    """The addresses that node 1 gives."""
    return found.given(1, node_port=False)


def test_slices_are_joined_and_addresses_counted_once(rules):
    """Endpoints of several slices are one set, in the order of their addresses."""
    found = rules(
        SERVICE,
        slice_of("b", READY.format("10.1.0.3"), READY.format("10.1.0.1")),
        slice_of("a", READY.format("10.1.0.2"), READY.format("10.1.0.3")),
    )
    assert addresses(found) == [(f"10.1.0.{last}", 8080) for last in (1, 2, 3)]


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
