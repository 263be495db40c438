"""Every way in which a request can end, with the moments worked out by hand."""

import pytest

from emu.engines.process.node import Node
from emu.hops import conntrack
from emu.hops.node import tuple_prefix
from emu.recorder.rows import ABSENT, Outcome

US, MS, S = 1_000, 1_000_000, 1_000_000_000

CLIENT_TO_LB, CLIENT_TO_NODE, LB_TO_NODE, LOCAL = 10_250 * US, 10_250 * US, 500 * US, 20 * US
AT_LB = 3 * CLIENT_TO_LB
"""When a request that is sent at 0 to an address is at the load balancer."""
AT_NODE = AT_LB + LB_TO_NODE
TO_POD = 3 * LOCAL + 2 * LB_TO_NODE
"""From the SYN at the Pod's own node until the request is at the Pod."""
FROM_POD = LOCAL + LB_TO_NODE

ONE_NODE = """
requests: {requests}
nodePools: [{{name: node, nodes: 1, cpu: 1}}]
behaviours: [{{workers: 1, backlog: 1, serviceTime: 100ms}}]
clients: [{{name: internet, url: http://192.168.1.1/, arrivals: {{constant: {{rate: 1000/s}}}}}}]
"""
"""One node with the reference Service; ``POD`` is its only Pod."""

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 8080, nodePort: 30001}]
"""
POD = """---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""


def slice_of(address):
    """An EndpointSlice of the Service with this address alone."""
    return f"""---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
ports: [{{name: "", protocol: TCP, port: 8080}}]
endpoints: [{{addresses: [{address}], conditions: {{ready: true}}}}]
"""


def conntrack_limit(entries):
    """A KubeProxyConfiguration that leaves a node of one core so many entries."""
    return f"""---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
conntrack: {{maxPerCore: {entries}, min: 0}}
"""


@pytest.fixture
def one_node(described, play):
    """Plays so many requests, 1 ms apart, over one node."""

    def played(requests=1, objects=SERVICE + POD, before=None, **overrides):
        return play(described(ONE_NODE.format(requests=requests), objects, **overrides), before)

    return played


def outcome(run):
    """The one outcome of all requests."""
    ((name, _),) = run.outcomes.items()
    return name


def test_ok(one_node):
    """A Pod serves the request, and the answer comes back."""
    run = one_node()
    assert outcome(run) == "ok"
    assert run.rows["done_ns"][0] == AT_NODE + TO_POD + 100 * MS + FROM_POD + CLIENT_TO_LB


def test_refused_for_want_of_endpoints(one_node):
    """A Service without endpoints: the node REJECTs the SYN, and no conntrack entry is opened."""
    run = one_node(objects=SERVICE)
    row = run.rows[0]
    assert outcome(run) == "refused"
    assert row["node_ns"] == AT_NODE
    assert row["lb_response_ns"] == AT_NODE + LB_TO_NODE
    assert row["done_ns"] == AT_NODE + LB_TO_NODE + CLIENT_TO_LB
    assert row["pod"] == row["endpoint"] == row["pod_ns"] == row["response_bytes"] == ABSENT
    assert run.state.conntrack.live.tolist() == [0]


def test_refused_by_a_pod_that_listens_elsewhere(one_node):
    """A targetPort at which nothing listens: the Pod's host answers the SYN with RST."""
    behaviour = {"appPort": 9090, "serviceTime": "100ms"}
    run = one_node(behaviours=[behaviour])
    row = run.rows[0]
    assert outcome(run) == "refused"
    assert row["pod_ns"] == AT_NODE + LOCAL
    assert row["lb_response_ns"] == AT_NODE + 2 * LOCAL + LB_TO_NODE
    assert row["done_ns"] == row["lb_response_ns"] + CLIENT_TO_LB
    assert row["service_start_ns"] == row["queue_length"] == ABSENT
    assert run.state.pods["busy"].tolist() == [0]


def test_backlog_full(one_node):
    """One is served, one waits, and the third is turned away at once."""
    rows = one_node(requests=3).rows
    assert [row["queue_length"] for row in rows] == [0, 0, 1]
    assert rows["outcome"].tolist() == [0, 0, 9]
    at = 2 * MS + AT_NODE + TO_POD
    assert rows["pod_ns"][2] == at
    assert rows["lb_response_ns"][2] == at + FROM_POD
    assert rows["done_ns"][2] == at + FROM_POD + CLIENT_TO_LB
    assert rows["service_start_ns"][2] == ABSENT


def test_request_timeout_while_the_pod_goes_on(one_node):
    """A client that gave up at 120 ms still occupies the worker until the service ends."""
    clients = [
        {"name": "impatient", "url": "http://192.168.1.1/", "timeout": "120ms",
         "arrivals": {"constant": {"rate": "20/s"}}},
    ]  # fmt: skip
    run = one_node(requests=2, clients=clients)
    first, second = run.rows
    assert outcome(run) == "request_timeout"
    assert first["done_ns"] == 120 * MS
    assert first["service_end_ns"] == AT_NODE + TO_POD + 100 * MS > first["done_ns"]
    assert second["done_ns"] == 50 * MS + 120 * MS
    assert second["pod_ns"] == 50 * MS + AT_NODE + TO_POD
    assert second["service_start_ns"] == first["service_end_ns"]
    assert second["service_end_ns"] == first["service_end_ns"] + 100 * MS


def test_an_answer_at_the_last_moment_counts(one_node):
    """The answer that comes exactly at the timeout is in time; a nanosecond later it is not."""
    done = AT_NODE + TO_POD + 100 * MS + FROM_POD + CLIENT_TO_LB
    client = {"name": "c", "url": "http://192.168.1.1/", "arrivals": {"constant": {"rate": "1/s"}}}
    for timeout, expected in ((done, "ok"), (done - 1, "request_timeout")):
        run = one_node(clients=[client | {"timeout": f"{timeout}ns"}])
        assert outcome(run) == expected
        assert run.rows["done_ns"][0] == timeout


def test_connect_timeout_at_an_address_that_no_pod_has(one_node):
    """A stale endpoint: nobody answers the SYN, the load balancer tries for 60 s."""
    run = one_node(objects=SERVICE + POD + slice_of("10.244.77.7"))
    row = run.rows[0]
    assert outcome(run) == "connect_timeout"
    assert (row["node_ns"], row["pod"], row["pod_ns"]) == (AT_NODE, ABSENT, ABSENT)
    assert row["endpoint"] == 0
    assert row["lb_response_ns"] == AT_LB + 60 * S
    assert row["done_ns"] == AT_LB + 60 * S + CLIENT_TO_LB


def test_connect_timeout_where_there_is_no_host(one_node):
    """From outside nobody has a ClusterIP: the client's own kernel gives up after 127 s."""
    client = {"name": "c", "arrivals": {"constant": {"rate": "1/s"}}}
    run = one_node(clients=[client | {"url": "http://10.99.99.99/"}])
    assert outcome(run) == "connect_timeout"
    assert run.rows["done_ns"][0] == run.ending.end_ns == 127 * S


LOCAL_ONLY = """
requests: 1
behaviours: [{workers: 1, serviceTime: 100ms}]
clients:
  - {name: internet, url: "http://192.168.1.101:30001/", arrivals: {constant: {rate: 1/s}}}
"""
LOCAL_SERVICE = SERVICE + "  externalTrafficPolicy: Local\n"
POD_ON_NODE_1 = POD.replace("spec: {", "spec: {nodeName: node-1, ")


def test_dropped_where_no_endpoint_is_local(described, play, monkeypatch):
    """externalTrafficPolicy Local, a node without endpoints: seven SYNs, given up after 127 s."""
    syns = []
    translate = Node._translate
    monkeypatch.setattr(
        Node, "_translate", lambda *asked: syns.append(asked[0].env.now) or translate(*asked)
    )
    run = play(described(LOCAL_ONLY, LOCAL_SERVICE + POD_ON_NODE_1))
    row = run.rows[0]
    assert outcome(run) == "dropped_no_local_endpoint"
    assert syns == [CLIENT_TO_NODE + seconds * S for seconds in (0, 1, 3, 7, 15, 31, 63)]
    assert row["done_ns"] == 127 * S
    assert (row["node"], row["node_ns"], row["endpoint"]) == (1, ABSENT, ABSENT)
    assert run.state.conntrack.live.tolist() == [0, 0]


def test_a_client_that_gives_up_on_a_dropped_syn_keeps_the_cause(described, play):
    """The row says why nothing came back, and the client's timeout when it stopped waiting."""
    client = {
        "name": "c", "url": "http://192.168.1.101:30001/", "timeout": "2s",
        "arrivals": {"constant": {"rate": "1/s"}},
    }  # fmt: skip
    run = play(described(LOCAL_ONLY, LOCAL_SERVICE + POD_ON_NODE_1, clients=[client]))
    assert outcome(run) == "dropped_no_local_endpoint"
    assert run.rows["done_ns"][0] == 2 * S


def test_the_balancer_passes_over_nodes_without_local_endpoints(described, play):
    """Under Local their health check fails: the load balancer sends everything to node-1."""
    spec = LOCAL_ONLY.replace("192.168.1.101:30001", "192.168.1.1")
    run = play(described(spec, LOCAL_SERVICE + POD_ON_NODE_1, requests=8))
    assert run.outcomes == {"ok": 8}
    assert set(run.rows["node"]) == {0}
    assert set(run.rows["masquerade_port"]) == {ABSENT}


def test_bad_gateway_without_a_healthy_node(described, play):
    """Under Local with no endpoint anywhere, the load balancer has no backend and says so."""
    spec = LOCAL_ONLY.replace("192.168.1.101:30001", "192.168.1.1")
    run = play(described(spec, LOCAL_SERVICE))
    row = run.rows[0]
    assert outcome(run) == "bad_gateway"
    assert row["node"] == ABSENT
    assert (row["lb_response_ns"], row["done_ns"]) == (AT_LB, AT_LB + CLIENT_TO_LB)


def test_conntrack_full(one_node):
    """With room for one entry the second SYN is dropped, resent, and given up after 60 s."""
    run = one_node(requests=2, objects=SERVICE + POD + conntrack_limit(1))
    row = run.rows[1]
    assert run.outcomes == {"ok": 1, "conntrack_full": 1}
    assert (row["node"], row["node_ns"]) == (0, ABSENT)
    assert row["lb_response_ns"] == MS + AT_LB + 60 * S
    assert row["done_ns"] == MS + AT_LB + 60 * S + CLIENT_TO_LB


def test_a_dropped_syn_may_come_through_later(one_node):
    """A refused connection's entry lives 10 s: the copy of the SYN after 15 s finds room."""
    run = one_node(
        requests=2,
        objects=SERVICE + POD + conntrack_limit(1),
        behaviours=[{"appPort": 9090, "serviceTime": "100ms"}],
    )
    assert run.outcomes == {"refused": 2}
    assert run.rows["node_ns"].tolist() == [AT_NODE, MS + AT_NODE + 15 * S]


def test_entries_leave_the_table_after_time_wait(one_node):
    """An entry outlives its connection by 120 s, and not by a nanosecond more."""
    run = one_node()
    expires = run.rows["lb_response_ns"][0] + 120 * S
    for now, entries in ((expires - 1, 1), (expires, 0)):
        conntrack.count(*run.state.conntrack, now)
        assert run.state.conntrack.live.tolist() == [entries]


def all_ports_taken(emulation):
    """Give the node an open connection on every source port towards its first endpoint."""
    prefix = tuple_prefix(0, 0, 0, emulation.model.sources, len(emulation.model.endpoints))
    emulation.state.conntrack = tables = conntrack.empty(1, expected=150_000)
    for port in range(1024, 65536):
        assert conntrack.track(*tables, 0, prefix, port, 0, False, 1, 0, 0) == port


def test_snat_exhausted(one_node):
    """Without a free source port towards the endpoint the SYN is dropped until given up."""
    run = one_node(before=all_ports_taken)
    row = run.rows[0]
    assert outcome(run) == "snat_exhausted"
    assert (row["masquerade_port"], row["node_ns"]) == (ABSENT, ABSENT)
    assert row["lb_response_ns"] == AT_LB + 60 * S


def test_dns_failure(described, play):
    """A headless Service without ready endpoints has no address: nothing is ever sent."""
    spec = """
    requests: 2
    nodePools: [{name: node, nodes: 1}]
    resolver: {latency: 7ms, ttl: 1s}
    clients: [{name: c, node: node-1, url: "http://web:8080/", arrivals: {constant: {rate: 1/s}}}]
    """
    headless = """
    apiVersion: v1
    kind: Service
    metadata: {name: web}
    spec: {clusterIP: None, selector: {app: web}, ports: [{port: 8080}]}
    """
    run = play(described(spec, headless))
    assert outcome(run) == "dns_failure"
    assert run.rows["sent_ns"].tolist() == run.rows["done_ns"].tolist() == [7 * MS, 1000 * MS]
    assert {row[field] for row in run.rows for field in ("node", "pod", "load_balancer")} == {
        ABSENT
    }


def test_in_flight_at_the_end(one_node):
    """What is under way when the run ends is in flight; its row has what had happened."""
    client = {"name": "c", "url": "http://192.168.1.1/", "arrivals": {"constant": {"rate": "30/s"}}}
    run = one_node(requests="null", duration="80ms", clients=[client])
    assert outcome(run) == "in_flight"
    assert (run.ending.end_ns, run.ending.sent) == (80 * MS, 3)
    at, gap = AT_NODE + TO_POD, 33_333_333
    assert run.rows["intended_ns"].tolist() == [0, gap, 2 * gap + 1]
    assert run.rows["lb_ns"].tolist() == [AT_LB, AT_LB + gap, ABSENT]
    assert run.rows["pod_ns"].tolist() == [at, at + gap, ABSENT]
    assert run.rows["service_start_ns"].tolist() == [at, ABSENT, ABSENT]
    for field in ("service_end_ns", "lb_response_ns", "done_ns", "response_bytes"):
        assert set(run.rows[field]) == {ABSENT}


def test_nothing_happens_at_the_end(one_node):
    """The answer that would come exactly when the run ends is in flight, one earlier is there."""
    done = AT_NODE + TO_POD + 100 * MS + FROM_POD + CLIENT_TO_LB
    for end, expected in ((done, "in_flight"), (done + 1, "ok")):
        run = one_node(requests="null", duration=f"{end}ns", clients=[
            {"name": "c", "url": "http://192.168.1.1/", "arrivals": {"constant": {"rate": "1/s"}}},
        ])  # fmt: skip
        assert outcome(run) == expected
        assert run.rows["lb_response_ns"][0] == done - CLIENT_TO_LB


PAST_THE_NODE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 8080, nodePort: 30001}]
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-1}
---
apiVersion: v1
kind: Pod
metadata: {name: caller}
spec: {nodeName: node-1}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16
"""


@pytest.mark.parametrize(("node", "outcome"), [(100, "OK"), (101, "CONNECT_TIMEOUT")])
def test_an_answer_past_the_node_that_translated_is_lost(described, play, node, outcome):
    """A Pod calls a node under Local: its own brings the answer back, another never sees it."""
    spec = f"""
requests: 1
clients: [{{name: c, pod: caller, url: "http://192.168.1.{node}:30001/", timeout: 200s,
           arrivals: {{constant: {{rate: 1/s}}}}}}]
"""
    (row,) = play(described(spec, PAST_THE_NODE)).rows
    assert Outcome(int(row["outcome"])).name == outcome
    assert row["masquerade_port"] == ABSENT
