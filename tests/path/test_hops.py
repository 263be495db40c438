"""The sampled paths of a run agree with the rows of its requests, however they ended."""

from pathlib import Path

import pytest

import emu
from emu.hops import conntrack
from emu.hops.node import tuple_prefix
from emu.path import logical, wire
from tests.conftest import seconds_of

SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))

SPEC = """
requests: {requests}
nodePools: [{{name: node, nodes: 2, cpu: 1}}]
behaviours: [{{workers: 1, backlog: 1, serviceTime: {{exponential: {{mean: 5ms}}}}}}]
network: {{local: {{exponential: {{mean: 1ms}}}}}}
record: {{hops: 1}}
clients: [{{name: c, url: "http://{host}/", arrivals: {{poisson: {{rate: 200/s}}}}{more}}}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  clusterIP: 10.96.0.1
  selector: {app: web}
  ports: [{port: 8080, nodePort: 30001}]
"""
LOCAL = "  externalTrafficPolicy: Local\n"
POD = """---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-1, containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""
NOBODY = """---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", protocol: TCP, port: 8080}]
endpoints: [{addresses: [10.244.77.7], conditions: {ready: true}}]
"""
ONE_ENTRY = """---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
conntrack: {maxPerCore: 1, min: 0}
"""
HEADLESS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 8080}]}
"""
EDGE, NODE_2 = "192.168.1.1", "192.168.1.101:30001"

CASES = {
    "ok": (EDGE, SERVICE + POD, ""),
    "ok over another node": (NODE_2, SERVICE + POD, ""),
    "ok without masquerade": ("192.168.1.100:30001", SERVICE + LOCAL + POD, ""),
    "ok by name": ("web:8080", SERVICE + POD, ", node: node-2"),
    "ok straight to the pod": ("10.244.0.2:8080", SERVICE + POD, ", node: node-2"),
    "refused": (EDGE, SERVICE, ""),
    "refused by a pod": ("10.244.0.2:80", SERVICE + POD, ", node: node-2"),
    "backlog_full": (NODE_2, SERVICE + POD, ""),
    "bad_gateway": (EDGE, SERVICE + LOCAL, ""),
    "connect_timeout": (EDGE, SERVICE + NOBODY, ""),
    "connect_timeout at nobody's": ("10.96.0.1", SERVICE + POD, ""),
    "request_timeout": (EDGE, SERVICE + POD, ", timeout: 40ms"),
    "dropped_no_local_endpoint": (NODE_2, SERVICE + LOCAL + POD, ""),
    "dropped_no_local_endpoint and given up": (NODE_2, SERVICE + LOCAL + POD, ", timeout: 4s"),
    "conntrack_full": (EDGE, SERVICE + POD + ONE_ENTRY, ""),
    "dns_failure": ("web:8080", HEADLESS, ", node: node-1"),
}  # fmt: skip


def steps_of(run):
    """The steps of each request, by its number."""
    found = {}
    for step in run.hops.to_pylist():
        found.setdefault(step["request"], []).append(step)
    return found


def check(row, steps, end_ns):
    """What the row says of this request, the steps say too."""
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))
    times = [step["at_ns"] for step in steps]
    assert times == sorted(times)
    assert times[-1] <= end_ns
    directions = [step["direction"] for step in steps]
    assert directions == sorted(directions, reverse=True)
    first, last = steps[0], steps[-1]
    client = (row["client_address"], row["client_port"])
    assert (first["at_ns"], first["place"]) == (row["sent_ns"], row["client"])
    assert (first["src"], first["src_port"]) == client
    if row["outcome"] in ("ok", "refused", "backlog_full", "bad_gateway"):
        assert (last["at_ns"], last["place"]) == (row["done_ns"], row["client"])
        assert (last["dst"], last["dst_port"]) == client
    if row["outcome"] == "in_flight":
        assert last["place"] != row["client"] or last is first
    check_places(row, steps)


def check_places(row, steps):
    """The load balancer, the node and the Pod, at their moments, with their addresses."""
    seen = [(s["place"], s["at_ns"], s["src"], s["src_port"]) for s in steps]
    if row["lb_ns"] is not None:
        assert seen[1] == (row["load_balancer"], row["lb_ns"], seen[0][2], seen[0][3])
    if row["load_balancer"] and row["endpoint_address"] and not row["node"]:
        forwarded = steps[2]
        assert forwarded["src_port"] == row["lb_port"]
        assert forwarded["dst"] == row["endpoint_address"]
        assert forwarded["dst_port"] == row["endpoint_port"]
    elif row["endpoint_address"] is not None:
        sender = (row["masquerade_address"], row["masquerade_port"])
        if sender == (None, None):
            balanced = row["lb_port"] is not None
            sender = (steps[2]["src"], row["lb_port"]) if balanced else seen[0][2:]
        (translated,) = (s for s in steps if "DNAT" in s["what"])
        assert translated["at_ns"] == row["node_ns"]
        assert translated["place"].startswith(row["node"] + " ")
        assert (translated["src"], translated["src_port"]) == sender
        assert translated["dst"] == row["endpoint_address"]
        assert translated["dst_port"] == row["endpoint_port"]
    at_pod = [s for s in steps if s["place"] == row["pod"]]
    if row["pod_ns"] is not None:
        assert at_pod[0]["at_ns"] == row["pod_ns"]
        assert at_pod[0]["direction"] == "forward"
    if row["service_end_ns"] is not None:
        assert [s["at_ns"] for s in at_pod[1:]] == [row["service_end_ns"]]
    if row["cross_node"]:
        assert sum(s["place"] == f"{row['pod_node']} eth0" for s in steps) == len(at_pod)


def check_run(run):
    """Every request of a run."""
    steps, end = steps_of(run), int(run.summary.window.end_seconds * 1e9) + 1
    sent = 0
    for row in run.requests.to_pylist():
        if row["outcome"] == "dns_failure" or row["sent_ns"] is None:
            assert row["request"] not in steps
        else:
            check(row, steps[row["request"]], end)
            sent += 1
    assert len(steps) == sent
    return run.summary.outcomes


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios(path, tmp_path):
    """Every request of the first seconds; of a timeline fewer, and all that it does."""
    length = seconds_of(path, 2)
    overrides = {"spec.duration": f"{length}s", "spec.warmup": "0s", "spec.record.hops": 1}
    if length > 2:
        overrides["spec.clients[0].arrivals"] = {"constant": {"rate": "10/s"}}
    outcomes = check_run(emu.run(path, overrides=overrides, out=tmp_path))
    assert sum(outcomes.values()) > 2


@pytest.mark.parametrize("case", CASES)
def test_every_outcome(case, described, tmp_path):
    """Answered, refused, dropped or given up: the path is told as far as it went."""
    host, objects, more = CASES[case]
    scenario = described(SPEC.format(requests=60, host=host, more=more), objects)
    outcomes = check_run(emu.run(scenario, out=tmp_path))
    assert case.split()[0] in outcomes


NATIVE = {
    "loadBalancers": [
        {"name": "edge", "address": EDGE, "target": "pod", "listeners": [{"service": "web"}]}
    ]
}
"""Its load balancer stands before Pods."""
DEAF = {"behaviours[0].appPort": 9090}


@pytest.mark.parametrize(
    ("outcome", "objects", "more", "changes"),
    [
        ("ok", HEADLESS + POD, "", {}),
        ("in_flight", SERVICE + POD, "", {"requests": None, "duration": "300ms"}),
        ("backlog_full", SERVICE + POD, "", {}),
        ("refused", SERVICE + POD, "", DEAF),
        ("connect_timeout", SERVICE + NOBODY, "", {}),
        ("bad_gateway", SERVICE, "", {}),
        ("request_timeout", SERVICE + POD, ", timeout: 40ms", {}),
    ],
)
def test_every_outcome_before_pods(outcome, objects, more, changes, described, tmp_path):
    """The same where the load balancer connects to Pods itself."""
    spec = SPEC.format(requests=60, host=EDGE, more=more)
    outcomes = check_run(emu.run(described(spec, objects, **NATIVE, **changes), out=tmp_path))
    assert outcome in outcomes


@pytest.mark.parametrize(
    ("objects", "changes", "forwarded", "steps", "last"),
    [
        (SERVICE + POD, {}, "the load balancer forwards it to the Pod",
         ["c connect", "edge listener on port 80", "edge round_robin picks default/web-1",
          "node-1 eth0 routing table: the Pod is here",
          "default/web-1 the application listens on 8080", "default/web-1 the application answers",
          "node-1 eth0 routing table", "edge the answer", "edge proxied answer", "c the answer"],
         "the Pod's container, listening on 8080, answers"),
        (SERVICE + POD, DEAF, "the load balancer forwards it to the Pod",
         ["c connect", "edge listener on port 80", "edge round_robin picks default/web-1",
          "node-1 eth0 routing table: the Pod is here",
          "default/web-1 the application listens on 9090",
          "default/web-1 RST: nothing listens on 8080",
          "node-1 eth0 routing table", "edge connection refused", "edge 502 Bad Gateway",
          "c 502 Bad Gateway"],
         "the Pod's container listens on 9090 and refuses"),
        (SERVICE + NOBODY, {}, "the load balancer forwards it to an address that no Pod has",
         ["c connect", "edge listener on port 80", "edge round_robin picks 10.244.77.7",
          "edge 504 Gateway Timeout", "c 504 Gateway Timeout"],
         "the load balancer answers 504 Gateway Timeout"),
    ],
)  # fmt: skip
def test_the_way_to_a_pod(objects, changes, forwarded, steps, last, described, play):
    """No NodePort and no virtual address, neither drawn nor on the wire; no rule but routing."""
    spec = SPEC.format(requests=1, host=EDGE, more="")
    run = play(described(spec, objects, **NATIVE, **changes))
    found = wire(run.model, run.rows[0])
    assert [f"{step.place} {step.what}" for step in found] == steps
    drawn = [step.what for step in logical(run.model, run.rows[0])]
    assert drawn == ["the client sends the request to the external load balancer", forwarded, last]
    assert {step.src for step in found} | {step.dst for step in found} == {
        "203.0.113.10", EDGE, found[2].dst,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("case", "places", "last"),
    [
        ("connect_timeout", ["c", "edge", "edge", "node-1 eth0", "node-1 eth0", "edge", "c"],
         "504 Gateway Timeout"),
        ("connect_timeout at nobody's", ["c"], "connect"),
        ("bad_gateway", ["c", "edge", "edge", "c"], "502 Bad Gateway"),
        ("dropped_no_local_endpoint", ["c", "node-2 eth0"],
         "filter KUBE-EXTERNAL-SERVICES: default/web has no local endpoints, DROP"),
    ],
)  # fmt: skip
def test_where_it_ends(case, places, last, described, play):
    """A load balancer answers for what is silent behind it; nobody else does."""
    host, objects, more = CASES[case]
    run = play(described(SPEC.format(requests=1, host=host, more=more), objects))
    steps = wire(run.model, run.rows[0])
    assert [step.place for step in steps] == places
    assert steps[-1].what == last


def all_ports_taken(emulation):
    """Give node-1 an open connection on every source port towards its first endpoint."""
    prefix = tuple_prefix(0, 0, 0, emulation.model.sources, len(emulation.model.endpoints))
    emulation.state.conntrack = tables = conntrack.empty(2, expected=150_000)
    for port in range(1024, 65536):
        conntrack.track(*tables, 0, prefix, port, 10**6, 0, 1, 0, 0)


def table_full(emulation):
    """Give every node as many connections as nobody has room for."""
    emulation.state.conntrack.live[:] = 10**9


@pytest.mark.parametrize(
    ("before", "rule", "words"),
    [
        (all_ports_taken, "KUBE-POSTROUTING MASQUERADE: no free port, dropped",
         "node 1's iptables rules find no free source port to masquerade it: it is dropped"),
        (table_full, "nf_conntrack: table full, dropping packet",
         "node 1's iptables rules cannot track it in a full conntrack table: it is dropped"),
    ],
    ids=["snat_exhausted", "conntrack_full"],
)  # fmt: skip
def test_what_the_node_has_no_room_for(before, rule, words, described, play, request):
    """The step at the node names the table; the moment is that of the first SYN."""
    spec = SPEC.format(requests=1, host=EDGE, more="")
    run = play(described(spec, SERVICE + POD), before)
    (row,) = run.rows
    steps = wire(run.model, row)
    assert run.outcomes == {request.node.callspec.id: 1}
    assert (steps[3].place, steps[3].what) == ("node-1 eth0", rule)
    assert steps[2].at_ns < steps[3].at_ns < steps[2].at_ns + 10_000_000
    assert [step.what for step in logical(run.model, row)][2:] == [
        words, "the load balancer answers 504 Gateway Timeout",
    ]  # fmt: skip
