"""Clients inside the cluster, several clients, and names with several addresses."""

import numpy as np
import pytest
from scipy import stats

from emu.recorder.rows import ABSENT

US, MS, S = 1_000, 1_000_000, 1_000_000_000
LOCAL, BETWEEN = 20 * US, 500 * US

INSIDE = """
requests: {requests}
nodePools: [{{name: node, nodes: 2}}]
behaviours: [{{selector: {{app: web}}, serviceTime: 10ms}}]
clients: [{{name: c, {place}, url: "{url}", arrivals: {{constant: {{rate: 1/s}}}}}}]
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  clusterIP: 10.96.0.1
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30001}]
---
apiVersion: v1
kind: Pod
metadata: {name: caller}
spec: {nodeName: node-1, containers: [{name: caller}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-2, containers: [{name: web}]}
status: {podIP: 10.244.2.7}
"""
"""The caller is on node-1, the Service's only Pod on node-2."""


def one(described, play, place, url):
    """The row of one request from a client inside, its times as a dict."""
    row = play(described(INSIDE.format(place=place, url=url, requests=1), OBJECTS)).rows[0]
    names = ("sent", "node", "pod", "service_end", "done")
    return row, {name: int(row[f"{name}_ns"]) for name in names}


def test_a_pod_calls_a_service(described, play):
    """The caller's own node translates; the Pod elsewhere sees the caller's own address."""
    row, times = one(described, play, "pod: caller", "http://web/")
    node = MS + LOCAL
    pod = node + 3 * (BETWEEN + LOCAL) + 2 * LOCAL
    end = pod + 10 * MS
    done = end + (BETWEEN + LOCAL) + LOCAL
    assert times == {"sent": MS, "node": node, "pod": pod, "service_end": end, "done": done}
    assert (row["node"], row["masquerade_port"], row["load_balancer"]) == (0, ABSENT, ABSENT)
    assert (row["lb_ns"], row["lb_response_ns"], row["lb_port"]) == (ABSENT, ABSENT, ABSENT)


def test_a_node_calls_a_cluster_ip(described, play):
    """A process on a node is at the node itself: no hop, and its own rules translate."""
    row, times = one(described, play, "node: node-2", "http://10.96.0.1/")
    pod = 3 * LOCAL
    assert times == {
        "sent": 0, "node": 0, "pod": pod, "service_end": pod + 10 * MS,
        "done": pod + 10 * MS + LOCAL,
    }  # fmt: skip
    assert row["node"] == 1


def test_a_pod_calls_a_node_port(described, play):
    """By the NodePort of node-2 that node translates, and masquerades under Cluster."""
    row, times = one(described, play, "pod: caller", "http://192.168.1.101:30001/")
    node = LOCAL + BETWEEN
    pod = node + LOCAL + (LOCAL + BETWEEN + LOCAL) + (LOCAL + BETWEEN + LOCAL)
    assert (times["node"], times["pod"]) == (node, pod)
    assert times["done"] == pod + 10 * MS + LOCAL + BETWEEN + LOCAL
    assert row["node"] == 1
    assert row["masquerade_port"] >= 1024


def test_a_pod_calls_a_pod(described, play):
    """By its own address nothing is translated: no node, no endpoint, no entry."""
    row, times = one(described, play, "pod: caller", "http://10.244.2.7:8080/")
    pod = 3 * (LOCAL + BETWEEN + LOCAL)
    done = pod + 10 * MS + LOCAL + BETWEEN + LOCAL
    assert (times["pod"], times["done"]) == (pod, done)
    assert (row["node"], row["endpoint"], row["node_ns"], row["pod"]) == (-1, -1, -1, 1)


def test_a_pod_calls_itself_over_its_service(described, play):
    """Hairpin: two hops each way on its own node, and the node's address as source."""
    row, times = one(described, play, "pod: web-1", "http://web/")
    assert times["pod"] == MS + LOCAL + LOCAL + 2 * LOCAL + 2 * LOCAL
    assert times["done"] == times["pod"] + 10 * MS + 2 * LOCAL
    assert row["masquerade_port"] >= 1024


@pytest.mark.parametrize(
    ("url", "outcome", "done"),
    [
        ("http://10.96.0.1:9999/", "connect_timeout", 127 * S),  # no such port of the Service
        ("http://10.244.2.7:9090/", "refused", 2 * (LOCAL + BETWEEN + LOCAL)),
        ("http://192.168.1.101:9999/", "refused", 2 * (LOCAL + BETWEEN)),
        ("http://192.168.1.1:81/", "refused", 2 * (LOCAL + BETWEEN)),
        ("http://10.1.2.3/", "connect_timeout", 127 * S),
    ],
)
def test_what_is_closed_refuses_and_what_is_not_there_is_silent(
    described, play, url, outcome, done
):
    """A host answers for its closed ports after one round trip; nobody answers for no host."""
    run = play(described(INSIDE.format(place="pod: caller", url=url, requests=1), OBJECTS))
    assert run.outcomes == {outcome: 1}
    assert run.rows["done_ns"][0] == done


TWO_ADDRESSES = """
seed: 2
requests: 400
dns: {{example.com: [192.168.1.1, 192.168.1.2]}}
resolver: {{latency: 30ms, ttl: {ttl}}}
loadBalancers:
  - {{name: one, address: 192.168.1.1, listeners: [{{service: default/web}}]}}
  - {{name: two, address: 192.168.1.2, listeners: [{{service: default/web}}]}}
behaviours: [{{workers: 100, serviceTime: 1ms}}]
clients: [{{name: c, arrivals: {{constant: {{rate: 100/s}}}}}}]
"""


def test_a_name_with_two_addresses(described, play):
    """Each answer gives either with the same chance, and holds for its TTL."""
    rows = play(described(TWO_ADDRESSES.format(ttl="0s"))).rows
    balancers = rows["load_balancer"]
    answered = rows["sent_ns"][np.diff(rows["sent_ns"], prepend=-1) > 0]
    assert len(answered) == 134  # three requests wait together for 30 ms, and so on
    firsts = balancers[np.isin(rows["intended_ns"] + 30 * MS, answered)]
    assert stats.binomtest(int((firsts == 0).sum()), len(firsts)).pvalue > 1e-3
    held = play(described(TWO_ADDRESSES.format(ttl="1h"))).rows
    assert len(set(held["load_balancer"])) == 1
    assert held["sent_ns"][:4].tolist() == [30 * MS, 30 * MS, 30 * MS, 30 * MS]
    assert (held["sent_ns"][3:] == held["intended_ns"][3:]).all()


SEVERAL = """
requests: 900
nodePools: [{name: node, nodes: 2}]
behaviours: [{selector: {app: web}, workers: 50, serviceTime: 10ms}]
clients:
  - {name: far, url: "http://192.168.1.1/", arrivals: {constant: {rate: 100/s}}}
  - {name: near, url: "http://192.168.1.1/", arrivals: {constant: {rate: 300/s}}}
  - {name: inside, pod: caller, url: "http://web/", arrivals: {constant: {rate: 500/s}}}
network: {links: [{between: [near, edge], latency: 1ms}]}
"""


def test_several_clients(described, play):
    """Each sends at its own rate, by its own way, and numbers its own requests and ports.

    So does the load balancer on each of its two routes: to this node and to that.
    """
    run = play(described(SEVERAL, OBJECTS))
    rows = run.rows
    assert np.bincount(rows["client"]).tolist() == [100, 300, 500]
    assert (rows["request"] % 3 == rows["client"]).all()
    assert (rows["client_port"] == 32768 + rows["request"] // 3).all()
    ways = [set(rows["lb_ns"][rows["client"] == c] - rows["sent_ns"][rows["client"] == c])
            for c in range(2)]  # fmt: skip
    assert ways == [{3 * 10_250 * US}, {3 * 1 * MS}]
    assert set(rows["load_balancer"][rows["client"] == 2]) == {ABSENT}
    for node in range(2):
        lb_ports = rows["lb_port"][(rows["load_balancer"] == 0) & (rows["node"] == node)]
        assert sorted(lb_ports) == list(range(32768, 32768 + 200))
