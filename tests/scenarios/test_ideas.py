"""Each shipped scenario shows the one thing that it is there to show."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

import emu

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


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


def test_replay_waits_more_than_a_steady_stream(whole):
    """The times are those of the log, sorted; its bursts wait five times as long as Poisson."""
    log = (SCENARIOS / "replay.log").read_text().splitlines()
    times = np.sort([int(line[18:20]) * 1000 + int(line[21:24]) for line in log])
    rate = 1000 * (len(log) - 1) / (times[-1] - times[0])
    steady = {"clients[0].arrivals": {"poisson": {"rate": f"{rate:.6f}/s"}}}
    run, other = whole("replay"), whole("replay", **steady)
    intended = np.sort(column(run, "intended_ns"))[: len(log)]
    assert intended.tolist() == ((times - times[0]) * 1_000_000).tolist()
    waits = [made.summary.latency_by_hop_seconds["queue"].mean for made in (run, other)]
    assert waits[0] > 5 * waits[1] > 0


def test_a_noisy_neighbour_slows_one_pod(whole):
    """Processor sharing: twice the load of its equals is 4.3 times their mean time in service, and
    nobody waits before it."""
    run = whole("noisy-neighbour")
    pods = run.summary.pods
    assert [pod.implied_utilisation for pod in pods.values()] == pytest.approx([0.35, 0.35, 0.7])
    assert [pod.utilisation for pod in pods.values()] == pytest.approx([0.35, 0.35, 0.7], abs=0.05)
    assert run.summary.latency_by_hop_seconds["queue"].p99 == 0
    served = (column(run, "service_end_ns") - column(run, "service_start_ns")) / 1e6
    names = np.array(run.requests["pod"].to_pylist())
    means = [np.nanmean(served[names == name]) for name in pods]
    assert means == pytest.approx([15.4, 15.4, 66.7], rel=0.2)


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


def per_second(times, end):
    """How many of these times, in nanoseconds, lie in each second of the run."""
    return np.bincount(times.astype(np.int64) // 1_000_000_000, minlength=end)


def times_to_the_node(run):
    """Seconds from sending to the node, of the requests that it translated."""
    taken = (column(run, "node_ns") - column(run, "sent_ns")) / 1e9
    return taken[~np.isnan(taken)]


def test_a_full_conntrack_table_admits_1092_connections_a_second(whole):
    """131,072 entries, each for 120 s and its connection: 1,092/s, on average over each period.

    First packets that are dropped come again at +1 s, +3 s, +7 s ...; what the table has goes on.
    """
    run = whole("conntrack-full")
    admitted = column(run, "node_ns")
    admitted = per_second(admitted[~np.isnan(admitted)], 480)
    assert admitted[:100].mean() == pytest.approx(1300, rel=0.02)
    assert admitted[105:119].sum() == 0
    for period in range(4):
        rate = admitted[120 * period : 120 * (period + 1)].mean()
        assert rate == pytest.approx(1092, rel=0.005)
    modes = np.bincount(np.rint(times_to_the_node(run)).astype(int), minlength=64)
    assert set(np.flatnonzero(modes)) == {0, 1, 3, 7, 15, 31, 63}
    assert set(run.summary.outcomes) == {"ok", "conntrack_full", "in_flight"}
    served = np.array(run.requests["outcome"].to_pylist()) == "ok"
    assert np.isnan(column(run, "done_ns")[served]).sum() == 0
    entries = run.metrics.filter(pc.equal(run.metrics["metric"], "conntrack_entries"))
    assert pc.max(entries["value"]).as_py() == 131_072


def test_more_room_for_connections_repairs_it(whole):
    """With twice the entries a core, 1,300/s fit: nothing is dropped."""
    nodes = [{"name": "node", "nodes": 1, "cpu": 8}]
    assert set(whole("conntrack-full", nodePools=nodes).summary.outcomes) == {"ok", "in_flight"}


def test_one_proxy_runs_out_of_ports_and_many_users_do_not(whole):
    """28,232 ports, each for 60 s and its connection: 470/s for the proxy, and 400/s untouched."""
    run = whole("ports-exhausted")
    proxied = np.array(run.requests["client"].to_pylist()) == "behind-the-proxy"
    outcomes = np.array(run.requests["outcome"].to_pylist())
    assert set(outcomes[~proxied]) == {"ok", "in_flight"}
    assert set(outcomes[proxied]) == {"ok", "ports_exhausted", "in_flight"}
    opened = column(run, "lb_port")[proxied & (outcomes != "in_flight")]
    assert np.count_nonzero(~np.isnan(opened)) == pytest.approx(4 * 28_232, rel=0.005)
    assert np.count_nonzero(~np.isnan(opened)) / 240 == pytest.approx(470, rel=0.005)
    told = (column(run, "lb_response_ns") - column(run, "lb_ns"))[outcomes == "ports_exhausted"]
    assert set(told) == {0}


def test_reusing_ports_in_time_wait_repairs_it(whole):
    """With tcp_tw_reuse 1 a port comes back after a second."""
    reused = {"net.ipv4.tcp_tw_reuse": 1}
    assert set(whole("ports-exhausted", kernel__sysctls=reused).summary.outcomes) == {
        "ok", "in_flight",
    }  # fmt: skip


def test_masquerading_to_one_pod_has_537_ports_a_second(whole):
    """64,512 ports, each for 120 s and its connection; the search finds all but the last few."""
    run = whole("snat-exhausted")
    assert set(run.summary.outcomes) == {"ok", "snat_exhausted", "in_flight"}
    assert run.summary.requests.ok / 480 == pytest.approx(537.6, rel=0.005)


def test_taking_the_ports_of_closed_connections_repairs_it(whole):
    """A kernel whose SNAT evicts what is in TIME_WAIT finds a port for each."""
    run = whole("snat-exhausted", kernel__snatEvictsClosing=True)
    assert set(run.summary.outcomes) == {"ok", "in_flight"}


def test_a_pod_that_joins_gets_its_share_by_and_by(whole):
    """Of weight w beside four of weight 1 it gets w / (4 + w), and w grows from 0.1 to 1 in 20 s:
    that is 0.01 / 4.1 + 0.9 - 4 ln(5 / 4.1) = 10.9 % in this time, and a fifth afterwards."""
    run = whole("slow-start")
    at = column(run, "lb_ns") / 1e9
    joined = np.array(run.requests["pod"].to_pylist()) == "default/web-4"
    meanwhile = 0.01 / 4.1 + 0.9 - 4 * np.log(5 / 4.1)
    assert meanwhile == pytest.approx(0.109, abs=5e-4)
    for first, last, share in ((0, 20, 0), (20, 40, meanwhile), (40, 60, 0.2)):
        here = (at >= first) & (at < last)
        assert joined[here].mean() == pytest.approx(share, abs=0.002)
    at_once = whole("slow-start", loadBalancers=[
        {"name": "edge", "address": "192.168.1.1", "target": "pod",
         "listeners": [{"service": "web"}], "availableFrom": {"web-4": "20s"}}
    ])  # fmt: skip
    there = column(at_once, "lb_ns") / 1e9 >= 20
    pods = np.array(at_once.requests["pod"].to_pylist())
    assert (pods[there] == "default/web-4").mean() == pytest.approx(0.2, abs=0.002)


def test_every_scenario_is_conserved(shipped):
    """Sent = ok + failed + in flight, a row for each attempt, whatever happened to it."""
    for name in SHIPPED:
        run = shipped(name)
        counts = run.summary.requests
        assert counts.sent == counts.ok + counts.failed + counts.in_flight
        assert counts.sent == len(pc.unique(run.requests["request"]))
        assert run.summary.attempts.sent == run.requests.num_rows
        assert isinstance(run, emu.Run)
