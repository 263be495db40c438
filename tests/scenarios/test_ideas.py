"""Each shipped scenario shows the one thing that it is there to show."""

import numpy as np
import pyarrow.compute as pc
import pytest

import emu


def column(run, name):
    """A column of the requests as an array; nulls are NaN."""
    return run.requests[name].to_numpy()


def test_nodeport_queues_a_little(shipped):
    """At 60 % load all is answered, most at once, and some had to wait for a worker."""
    run = shipped("nodeport")
    summary = run.summary
    assert set(summary.outcomes) == {"ok", "in_flight"}
    assert all(0.5 < pod.utilisation < 0.7 for pod in summary.pods.values())
    waiting = summary.latency_by_hop_seconds["queue"]
    assert waiting.p50 == 0 < waiting.mean < 0.02
    assert waiting.p99 > 0.01
    nodes = [node.requests for node in summary.nodes.values()]
    assert abs(nodes[0] - nodes[1]) <= 1
    assert set(run.requests["pod_node"].drop_null().to_pylist()) == {"node-1"}


def test_clusterip_is_in_the_cluster(shipped):
    """No load balancer, no NodePort, no masquerade: the client's own node translates."""
    run = shipped("clusterip")
    assert set(run.summary.outcomes) <= {"ok", "in_flight"}
    for name in ("load_balancer", "lb_ns", "masquerade_address", "masquerade_port"):
        assert run.requests[name].null_count == run.requests.num_rows
    assert pc.unique(run.requests["node"]).to_pylist() == ["node-1"]
    assert set(pc.unique(run.requests["endpoint_port"]).to_pylist()) == {9090}
    assert len(run.summary.pods) == 3
    assert {pod.requests > 1000 for pod in list(run.summary.pods.values())[1:]} == {True}
    assert run.summary.pod_balance.p_value > 0.001


def test_wrong_target_port_is_all_refused(shipped):
    """Pods are chosen and refuse: none serves anything, and it is known at once."""
    run = shipped("wrong-target-port")
    finished = run.requests.filter(pc.not_equal(run.requests["outcome"], "in_flight"))
    assert run.summary.requests.ok == 0
    assert set(pc.unique(finished["outcome"]).to_pylist()) == {"refused"}
    assert finished.num_rows > 400
    assert finished["pod"].null_count == 0
    assert finished["service_start_ns"].null_count == finished.num_rows
    assert {pod.utilisation for pod in run.summary.pods.values()} == {0.0}
    assert pc.max(pc.subtract(finished["done_ns"], finished["intended_ns"])).as_py() < 50_000_000


def test_no_endpoints_is_all_refused(shipped):
    """The node REJECTs: no Pod is ever chosen."""
    run = shipped("no-endpoints")
    finished = run.requests.filter(pc.not_equal(run.requests["outcome"], "in_flight"))
    assert run.summary.requests.ok == 0
    assert set(pc.unique(finished["outcome"]).to_pylist()) == {"refused"}
    for name in ("pod", "endpoint_address", "masquerade_port", "pod_ns"):
        assert run.requests[name].null_count == run.requests.num_rows
    assert finished["node_ns"].null_count == 0


def test_overload_is_told_honestly(shipped):
    """Backlogs fill, and latency counts from the intended time until each client's limit."""
    run = shipped("overload")
    outcomes = run.summary.outcomes
    assert outcomes["backlog_full"] > 50
    assert outcomes["request_timeout"] > 500
    assert all(pod.utilisation > 0.95 for pod in run.summary.pods.values())
    assert all(pod.implied_utilisation == pytest.approx(1.2) for pod in run.summary.pods.values())
    taken = column(run, "done_ns") - column(run, "intended_ns")
    given_up = np.array(run.requests["outcome"].to_pylist()) == "request_timeout"
    assert set(taken[given_up]) == {300_000_000}
    assert run.summary.latency_seconds.max <= 0.3
    assert max(run.requests["queue_length"].drop_null().to_pylist()) == 64
    late = run.requests.filter(given_up)["service_end_ns"]
    assert late.null_count < len(late)


def test_deployment_is_twelve_pods_over_four_nodes(shipped):
    """Three a node, in two zones, each with an address of its node's range; a share for all."""
    run = shipped("deployment")
    pairs = set(zip(*(run.requests[name].drop_null().to_pylist() for name in (
        "pod", "pod_node")), strict=True))  # fmt: skip
    nodes = [node for _, node in pairs]
    assert (len(pairs), len(set(pairs))) == (12, 12)
    assert sorted({node: nodes.count(node) for node in nodes}.items()) == [
        (f"worker-{number}", 3) for number in range(1, 5)
    ]
    assert set(pc.unique(run.requests["node_zone"].drop_null()).to_pylist()) == {"eu-1a", "eu-1b"}
    assert all(0.06 < pod.share < 0.11 for pod in run.summary.pods.values())
    assert {address.rpartition(".")[0] for address in pc.unique(
        run.requests["endpoint_address"].drop_null()).to_pylist()} == {
        f"10.244.{number}" for number in range(4)
    }  # fmt: skip


def test_every_scenario_is_conserved(shipped):
    """Sent = ok + failed + in flight, a row for each request, whatever happened to it."""
    for name in ("nodeport", "clusterip", "wrong-target-port", "no-endpoints", "overload"):
        run = shipped(name)
        counts = run.summary.requests
        assert counts.sent == counts.ok + counts.failed + counts.in_flight == run.requests.num_rows
        assert isinstance(run, emu.Run)
