"""Nodes as their kube-proxy has them: settings of the asked mode, Pods here, all nodes."""

import pytest

from emu.hops.kubeproxy.view import Packet
from emu.model.proxies import Proxies

SPEC = """
duration: 1s
clients: [{name: internet, arrivals: {constant: {rate: 1/s}}}]
"""
CONFIGURATION = """---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
"""


@pytest.fixture
def proxies(described):
    """The reference cluster with these fields of a KubeProxyConfiguration, asked in a mode."""

    def made(fields="", mode=""):
        return Proxies(described(SPEC, CONFIGURATION + fields).cluster, mode)

    return made


@pytest.mark.parametrize(
    ("mode", "fields", "masqueraded"),
    [
        ("iptables", "iptables: {masqueradeAll: true}", True),
        ("ipvs", "iptables: {masqueradeAll: true}", True),
        ("ipvs", "nftables: {masqueradeAll: true}", False),
        ("nftables", "iptables: {masqueradeAll: true}", False),
        ("nftables", "nftables: {masqueradeAll: true}", True),
        ("ebpf", "iptables: {masqueradeAll: true}", False),
    ],
)
def test_masquerade_all_is_that_of_the_asked_mode(proxies, mode, fields, masqueraded):
    """ipvs goes by the setting of iptables, ebpf by none; not by that of the configured mode."""
    packet = Packet("TCP", "10.244.1.2", "10.96.0.1", 8080)
    decision = proxies(fields, mode).decide("node-1", packet)
    assert decision.masquerade == masqueraded


def test_how_endpoints_are_chosen(proxies):
    """The scheduler of ipvs and the algorithm of ebpf, and what they are by default."""
    configured = proxies("mode: ebpf\nebpf: {algorithm: maglev}\nipvs: {scheduler: wlc}")
    given, usual = configured.view("node-1").settings, proxies().view("node-1").settings
    assert (configured.mode, given.algorithm, given.scheduler) == ("ebpf", "maglev", "wlc")
    assert (usual.algorithm, usual.scheduler) == ("random", "rr")


def test_a_node_knows_its_pods_and_all_nodes(proxies):
    """Pods by the node that they are on, nodes by their addresses."""
    one, two = (proxies().view(node) for node in ("node-1", "node-2"))
    assert (one.pods, two.pods) == ({"10.244.1.2", "10.244.1.3"}, set())
    assert one.nodes == two.nodes == {"192.168.1.100", "192.168.1.101"}


ON_A = SPEC.replace("internet", 'c, node: a, url: "http://10.96.0.1/"')
SLICE = """
apiVersion: v1
kind: Node
metadata: {name: a}
status: {addresses: [{type: InternalIP, address: 10.0.0.1}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.7.0.2], nodeName: a}, {addresses: [10.0.0.1], nodeName: a}]
"""


def test_slices_tell_of_pods_too(described):
    """An endpoint on a node is a Pod there, if its address is no node's."""
    assert Proxies(described(ON_A, SLICE).cluster).view("a").pods == {"10.7.0.2"}
