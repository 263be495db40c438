"""Who reaches what in a cluster: the six kinds of destination from the three kinds of source."""

import pytest

import emu
from emu.hops.kubeproxy import MODES


@pytest.fixture
def reach(described):
    """The result for a source and a destination, by their names."""

    def table(spec, objects="", mode=""):
        found = emu.probe(described(spec, objects), mode=mode)
        return {(row.source, row.destination): row for row in found}

    return table


SPEC = """
duration: 1s
clients: [{name: internet, arrivals: {constant: {rate: 1/s}}}]
"""
PODS = ("10.244.1.2:8080", "10.244.1.3:8080")


@pytest.mark.parametrize(
    ("source", "destination", "result", "endpoints", "masquerade"),
    [
        ("outside", "domain example.com", "reached", PODS, True),
        ("outside", "load balancer edge", "reached", PODS, True),
        ("outside", "node node-2", "reached", PODS, True),
        ("outside", "Service web.default", "no answer", (), False),
        ("outside", "ClusterIP 10.96.0.1", "no answer", (), False),
        ("outside", "Pod default/web-1", "no answer", (), False),
        ("node-2", "domain example.com", "reached", PODS, True),
        ("node-2", "node node-2", "reached", PODS, True),
        ("node-2", "node node-1", "reached", PODS, True),
        ("node-2", "Service web.default", "reached", PODS, False),
        ("node-2", "Pod default/web-1", "reached", PODS[:1], False),
        ("default/web-1", "ClusterIP 10.96.0.1", "reached", PODS, False),
        ("default/web-1", "node node-1", "reached", PODS, True),
        ("default/web-1", "Pod default/web-2", "reached", PODS[1:], False),
    ],
)
def test_the_reference_cluster(reach, source, destination, result, endpoints, masquerade):
    """From outside by node IP and NodePort, from inside by name, ClusterIP and Pod as well."""
    row = reach(SPEC)[source, destination]
    assert (row.result, row.endpoints, row.masquerade) == (result, endpoints, masquerade)


def test_a_target_port_where_nobody_listens(reach):
    """The commonest mistake of all is refused, and the reason names both ports."""
    behaviours = "behaviours: [{selector: {app: web}, appPort: 9090}]\n"
    row = reach(SPEC + behaviours)["outside", "node node-1"]
    assert row.result == "refused"
    assert "10.244.1.2 listens on 9090, not 8080" in row.reason


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-1}
"""


def test_a_node_without_a_local_endpoint_drops(reach):
    """Under Local one node answers, the other is silent, and the load balancer leaves it out."""
    found = reach(SPEC, SERVICE)
    assert found["outside", "node node-1"].result == "reached"
    assert found["outside", "node node-2"].result == "dropped"
    balanced = found["outside", "load balancer edge"]
    assert (balanced.result, balanced.masquerade) == ("reached", False)
    assert balanced.reason.endswith("on 1 of 2 nodes")


def test_a_service_without_endpoints_refuses(reach):
    """From everywhere, at once, through the load balancer too."""
    found = reach(SPEC, SERVICE.partition("---")[0])
    assert found["outside", "node node-1"].result == "refused"
    assert found["outside", "load balancer edge"].result == "refused"
    assert found["node-1", "Service web.default"].reason == "default/web has no endpoints"


NATIVE = (
    SPEC
    + """
nodePools: [{name: node, nodes: 2}]
loadBalancers:
  - {name: edge, address: 192.168.1.1, target: pod, listeners: [{service: web}]}
"""
)
WEB = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{protocol: TCP, port: 8080}]
endpoints:
  - {addresses: [10.244.0.5]}
  - {addresses: [10.244.0.6], conditions: {ready: false, serving: true, terminating: true}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-1}
status: {podIP: 10.244.0.5}
"""


@pytest.mark.parametrize(
    ("objects", "more", "result", "endpoints", "reason"),
    [
        (WEB, "", "reached", ("10.244.0.5:8080",), "balanced straight to Pods"),
        (WEB, "behaviours: [{appPort: 9090}]\n", "refused", ("10.244.0.5:8080",),
         "balanced straight to Pods; 10.244.0.5 listens on 9090, not 8080"),
        (WEB.replace("[10.244.0.5]}", "[10.244.0.5], conditions: {ready: false}}"), "",
         "refused", (), "default/web has no ready endpoint: 502 Bad Gateway"),
    ],
)  # fmt: skip
def test_a_load_balancer_before_pods(reach, objects, more, result, endpoints, reason):
    """Its ready Pods without a NodePort, seen with its own address; else it answers 502."""
    row = reach(NATIVE + more, objects)["outside", "load balancer edge"]
    assert (row.result, row.endpoints, row.masquerade) == (result, endpoints, False)
    assert row.reason == reason


def test_too_many_rows_are_refused(described, monkeypatch):
    """A cluster of thousands is asked by flows; the message says so."""
    monkeypatch.setattr("emu.probing.reaching.MOST_ROWS", 10)
    with pytest.raises(emu.ScenarioError, match="5 sources and 8 destinations: give a list"):
        emu.probe(described(SPEC))


def test_an_answer_that_takes_another_way_is_lost(reach):
    """A Pod calls the other node under Local: not masqueraded, so the endpoint answers past it."""
    proxy = """---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16
---
apiVersion: v1
kind: Pod
metadata: {name: caller}
spec: {nodeName: node-1}
"""
    found = reach(SPEC, SERVICE + proxy)
    assert found["default/caller", "node node-1"].result == "reached"
    lost = found["default/caller", "node node-2"]
    assert (lost.result, lost.reason.rpartition("; ")[2]) == (
        "no answer", "the answer does not come back by node-2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "source", "destination", "masquerade", "why"),
    [
        ("ipvs", "node-1", "ClusterIP 10.96.0.1", True, "as its source is the cluster IP"),
        ("ipvs", "default/web-1", "ClusterIP 10.96.0.1", False, "its source stays"),
        ("ebpf", "node-1", "node node-2", False, "at its socket: its source stays"),
        ("ebpf", "default/web-1", "node node-2", False, "at its socket: its source stays"),
        ("ebpf", "outside", "node node-1", False, "where the endpoint is on another node"),
        ("ebpf", "outside", "node node-2", True, "where the endpoint is on another node"),
    ],
)
def test_modes_masquerade_differently(reach, mode, source, destination, masquerade, why):
    """Both Pods are on node-1: ebpf masquerades what node-2 sends on there from outside."""
    row = reach(SPEC, mode=mode)[source, destination]
    assert (row.result, row.endpoints, row.masquerade) == ("reached", PODS, masquerade)
    assert row.reason.endswith(why)


def test_ipvs_sends_on_what_is_lost(reach):
    """Under Local without an endpoint here, the Pod elsewhere answers past the node."""
    found = reach(SPEC, SERVICE, mode="ipvs")
    assert found["outside", "node node-2"].result == "no answer"
    assert "answer does not come back by node-2" in found["outside", "node node-2"].reason
    assert found["node-2", "node node-2"].result == "reached"
    assert found["outside", "load balancer edge"].reason.endswith("on 1 of 2 nodes")


def test_node_ports_that_do_not_answer(reach):
    """Neither directly nor through the load balancer."""
    elsewhere = """---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
nodePortAddresses: [10.9.0.0/16]
"""
    found = reach(SPEC, SERVICE + elsewhere)
    assert found["outside", "node node-1"].result == "refused"
    assert found["outside", "load balancer edge"].result == "refused"


CHECKED = SERVICE.replace("type: NodePort,", "type: LoadBalancer, healthCheckNodePort: 31000,")


@pytest.mark.parametrize("mode", MODES)
def test_health_checks_are_destinations(reach, mode):
    """kube-proxy answers on each node, from everywhere, whichever mode; the reason says what."""
    found = reach(SPEC, CHECKED, mode=mode)
    for source in ("outside", "node-1", "node-2", "default/web-1"):
        here, there = (found[source, f"health check node-{number}"] for number in (1, 2))
        assert (here.result, here.endpoints, here.port) == ("reached", (), 31000)
        assert here.reason == "kube-proxy answers 200: default/web has 1 ready endpoint on node-1"
        assert there.reason.startswith("kube-proxy answers 503: default/web has no ready")


def test_nodes_of_other_services_have_no_health_check(reach):
    """Under Cluster there is none."""
    assert not [to for _, to in reach(SPEC) if "health" in to]
