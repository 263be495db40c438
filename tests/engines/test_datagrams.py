"""Requests over UDP: a datagram there, a datagram back, and silence where a packet is dropped."""

import pytest

from emu.hops import conntrack
from emu.recorder.rows import ABSENT

US, MS, S = 1_000, 1_000_000, 1_000_000_000
OUTSIDE_TO_NODE, LOCAL = 10_250 * US, 20 * US

SPEC = """
requests: {requests}
nodePools: [{{name: node, nodes: 1, cpu: 1}}]
behaviours: [{{workers: 1, backlog: 1, appPort: 53, serviceTime: {time}}}]
clients:
  - {{name: c, url: "udp://192.168.1.100:30053", arrivals: {{constant: {{rate: 1000/s}}}}}}
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: dns}
spec:
  type: NodePort
  selector: {app: dns}
  ports: [{port: 53, protocol: UDP, nodePort: 30053}]
---
apiVersion: v1
kind: Pod
metadata: {name: dns-1, labels: {app: dns}}
spec: {containers: [{name: dns, ports: [{containerPort: 53, protocol: UDP}]}]}
"""


@pytest.fixture
def asked(described, play):
    """Plays so many datagrams, 1 ms apart, to a NodePort."""

    def played(requests=1, time="1ms", objects=OBJECTS, **overrides):
        return play(described(SPEC.format(requests=requests, time=time), objects, **overrides))

    return played


def entries(run, now):
    """The node's conntrack entries at that time."""
    conntrack.count(*run.state.conntrack, now)
    return run.state.conntrack.live.tolist()


def test_a_datagram_makes_no_round_trip_before_it(asked):
    """The request is at the Pod after one way there, and its answer after one way back."""
    row = asked().rows[0]
    assert row["node_ns"] == OUTSIDE_TO_NODE
    assert row["pod_ns"] == OUTSIDE_TO_NODE + LOCAL
    assert row["done_ns"] == 2 * (OUTSIDE_TO_NODE + LOCAL) + MS
    assert row["masquerade_port"] >= 1024


def test_a_flow_is_kept_for_30_seconds(asked):
    """One datagram and its answer: the entry goes 30 s after the answer."""
    run = asked()
    expires = run.rows["done_ns"][0] + 30 * S
    assert [entries(run, expires - 1), entries(run, expires)] == [[1], [0]]


def test_a_flow_that_goes_on_for_longer_is_a_stream(asked):
    """An answer that comes after more than 2 s makes the flow a stream, kept for 120 s."""
    run = asked(time="3s")
    expires = run.rows["done_ns"][0] + 120 * S
    assert [entries(run, expires - 1), entries(run, expires)] == [[1], [0]]


def test_a_closed_port_is_told_at_once(asked):
    """Nothing listens at the Pod: an ICMP message comes back."""
    run = asked(behaviours=[{"appPort": 5353}])
    assert run.outcomes == {"refused": 1}
    assert run.rows["done_ns"][0] == 2 * (OUTSIDE_TO_NODE + LOCAL)


def test_a_full_backlog_is_silent(asked):
    """A datagram that finds no place is lost; the client waits for 5 s, as a resolver does."""
    run = asked(requests=3, time="100ms")
    rows = run.rows[run.rows["request"] == 2]
    assert run.outcomes == {"ok": 2, "backlog_full": 1}
    assert rows["done_ns"][0] == 2 * MS + 5 * S


def test_a_dropped_datagram_is_not_sent_again(asked):
    """A full conntrack table drops it once, and nobody repeats it."""
    full = """---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
conntrack: {maxPerCore: 1, min: 0}
"""
    run = asked(requests=2, objects=OBJECTS + full)
    assert run.outcomes == {"ok": 1, "conntrack_full": 1}
    lost = run.rows[run.rows["node_ns"] == ABSENT]
    assert lost["done_ns"].tolist() == [MS + 5 * S]


def test_a_timeout_of_the_clients_own_is_its_patience(asked):
    """With a timeout it waits for so long, whatever is lost."""
    client = {
        "name": "c", "url": "udp://192.168.1.100:30053", "timeout": "700ms",
        "arrivals": {"constant": {"rate": "1000/s"}},
    }  # fmt: skip
    run = asked(requests=3, time="100ms", clients=[client])
    lost = run.rows[run.rows["request"] == 2]
    assert lost["done_ns"].tolist() == [2 * MS + 700 * MS]


def test_a_datagram_to_no_host_is_silent(asked):
    """Nobody has the address: nothing comes back."""
    client = {
        "name": "c", "url": "udp://10.99.99.99:53", "arrivals": {"constant": {"rate": "1/s"}},
    }  # fmt: skip
    run = asked(clients=[client])
    assert run.outcomes == {"connect_timeout": 1}
    assert run.rows["done_ns"].tolist() == [5 * S]


def test_a_pod_may_be_asked_by_its_own_address(described, play):
    """Straight to the Pod, translated by nobody, and back."""
    run = play(
        described(
            """
            requests: 3
            nodePools: [{name: node, nodes: 1}]
            behaviours: [{workers: 1, backlog: 1, appPort: 53, serviceTime: 100ms}]
            clients:
              - {name: c, node: node-1, url: "udp://10.244.0.2:53",
                 arrivals: {constant: {rate: 1000/s}}}
            """,
            OBJECTS,
        )
    )
    assert run.outcomes == {"ok": 2, "backlog_full": 1}
    assert run.rows["pod_ns"].tolist() == [LOCAL, MS + LOCAL, 2 * MS + LOCAL]


def test_a_load_balancer_does_not_listen_for_datagrams(asked):
    """A listener is for TCP: the load balancer's host says that the port is closed."""
    objects = OBJECTS.replace("UDP, nodePort", "TCP, nodePort")
    client = {
        "name": "c", "url": "udp://192.168.1.1:80", "arrivals": {"constant": {"rate": "1/s"}},
    }  # fmt: skip
    assert asked(objects=objects, clients=[client]).outcomes == {"refused": 1}
