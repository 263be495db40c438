"""Proxy modes in a run: which Pods connections come to, and as whom."""

import numpy as np
import pytest

from emu.hops.kubeproxy.scheduling import SCHEDULERS
from emu.recorder.rows import ABSENT

SPEC = """
requests: 600
nodePools: [{name: node, nodes: 2}]
behaviours: [{workers: 1000, serviceTime: {exponential: {mean: 100ms}}}]
clients:
  - {name: c, addresses: 198.51.100.0/26, url: "http://192.168.1.100:30001/",
     arrivals: {poisson: {rate: 100/s}}}
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30001}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
"""


@pytest.fixture
def played(described, play):
    """A run with nodes in a mode, and more of their configuration."""

    def run(configuration, objects=OBJECTS, **overrides):
        return play(described(SPEC, f"{objects}{configuration}\n", **overrides))

    return run


def pods_in_order(run):
    """The Pods in the order in which connections came to the node."""
    return run.rows["pod"][np.argsort(run.rows["node_ns"], kind="stable")].tolist()


def test_round_robin_of_ipvs_takes_turns(played):
    """One node, one virtual server: its connections go to the four Pods in turn."""
    pods = pods_in_order(played("mode: ipvs"))
    assert pods == (pods[:4] * 150)
    assert sorted(pods[:4]) == [0, 1, 2, 3]


def test_each_node_of_ipvs_takes_turns_by_itself(played):
    """Round robin to two nodes that take turns: each starts with the first Pod."""
    clients = [
        {"name": "c", "url": "http://192.168.1.1/", "arrivals": {"constant": {"rate": "100/s"}}}
    ]
    pods = pods_in_order(played("mode: ipvs", clients=clients))
    assert pods[:8] == [pods[0], pods[0], pods[2], pods[2], pods[4], pods[4], pods[6], pods[6]]
    assert len({*pods[:8]}) == 4


def test_least_connections_of_ipvs_sees_what_is_under_way(played):
    """A Pod that serves ten times as slowly gets few connections; random gives it a fourth."""
    slow = OBJECTS.replace(
        "---",
        """---
apiVersion: v1
kind: Pod
metadata: {name: slow, labels: {app: web, pace: slow}}
spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---""",
        1,
    )
    behaviours = [
        {"selector": {"pace": "slow"}, "workers": 1000, "serviceTime": "1s"},
        {"workers": 1000, "serviceTime": "100ms"},
    ]
    shares = {}
    for configuration in ("mode: iptables", "mode: ipvs\nipvs: {scheduler: lc}"):
        run = played(configuration, slow, behaviours=behaviours)
        slow_pod = [name for name, _, _ in run.model.places.pods].index("default/slow")
        shares[configuration] = float(np.mean(run.rows["pod"] == slow_pod))
    random, least = shares.values()
    assert random == pytest.approx(0.25, abs=0.06)
    assert least < 0.06


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_serves(played, scheduler):
    """Whatever chooses, everything is answered; connections end with the entries that they had."""
    run = played(f"mode: ipvs\nipvs: {{scheduler: {scheduler}}}")
    assert run.outcomes == {"ok": 600}
    state = run.state.conntrack.servers[2:10]
    assert state[::2].tolist() == [0] * 4
    assert state[1::2].sum() == run.state.conntrack.live.sum() == 600


def test_source_hashing_keeps_an_address(played):
    """With sh each of 62 addresses has one Pod, with mh also by its port."""
    run = played("mode: ipvs\nipvs: {scheduler: sh}")
    turns = run.rows["request"] % 62
    assert all(len(set(run.rows["pod"][turns == turn])) == 1 for turn in range(62))
    assert len(set(run.rows["pod"])) == 4


def test_cilium_keeps_the_source_on_the_node_of_the_pod(played):
    """From outside: masqueraded where the Pod is on another node, and only there."""
    run = played("mode: ebpf")
    nodes = run.model.pods["node"][run.rows["pod"]]
    assert ((run.rows["masquerade_port"] == ABSENT) == (nodes == run.rows["node"])).all()
    assert set(nodes) == {0, 1}


def test_maglev_of_cilium_is_the_same_on_every_node(played):
    """One address and port comes to one Pod, whichever node it asks."""
    pods = []
    for node in (100, 101):
        clients = [
            {"name": "c", "addresses": "198.51.100.0/26", "url": f"http://192.168.1.{node}:30001/",
             "arrivals": {"poisson": {"rate": "100/s"}}},
        ]  # fmt: skip
        run = played("mode: ebpf\nebpf: {algorithm: maglev}", clients=clients)
        pods.append(run.rows["pod"][np.argsort(run.rows["request"])].tolist())
    assert pods[0] == pods[1]
    assert len(set(pods[0])) == 4


def test_affinity_of_ipvs_is_that_of_one_address(played):
    """One node by two addresses of a Service with 40 Pods: with ipvs it may keep two of them."""
    objects = OBJECTS.replace("replicas: 4", "replicas: 40").replace(
        "type: NodePort,", "type: NodePort, clusterIP: 10.96.0.9, sessionAffinity: ClientIP,"
    )
    urls = ("http://10.96.0.9/", "http://192.168.1.100:30001/")
    clients = [
        {"name": f"c{n}", "node": "node-1", "url": url, "arrivals": {"constant": {"rate": "10/s"}}}
        for n, url in enumerate(urls)
    ]
    for configuration, expected in (
        ("mode: iptables", 1), ("mode: nftables", 1), ("mode: ipvs\nipvs: {scheduler: dh}", 2),
    ):  # fmt: skip
        run = played(configuration, objects, clients=clients)
        of_clients = [set(run.rows["pod"][run.rows["client"] == client]) for client in (0, 1)]
        assert [len(pods) for pods in of_clients] == [1, 1]
        assert len(set.union(*of_clients)) == expected
