"""Each shipped scenario shows the one thing that it is there to show."""

from fractions import Fraction
from math import factorial
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

import emu

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


WITHOUT = {"Service/web.spec.sessionAffinity": "None", "spec.duration": "5s"}


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


def most_of(connections, pods):
    """How many of so many connections the Pod with the most has, on average, if each is dealt to a
    Pod at random: P(all have at most m) is K!/N^K [x^K] (1 + x + ... + x^m/m!)^N."""
    mean = Fraction(connections)
    for most in range(connections):
        once = [Fraction(1, factorial(had)) for had in range(most + 1)]
        ways = [Fraction(1)]
        for _ in range(pods):
            longest = min(len(ways) + most, connections + 1)
            ways = [
                sum(ways[i] * once[n - i] for i in range(len(ways)) if 0 <= n - i <= most)
                for n in range(longest)
            ]
        if len(ways) > connections:
            mean -= ways[connections] * factorial(connections) / Fraction(pods) ** connections
    return float(mean)


def share_of_the_busiest(run):
    """How many requests the busiest Pod had, as against the mean."""
    counts = [pod.requests for pod in run.summary.pods.values()]
    return max(counts) / (sum(counts) / len(counts))


def test_a_pod_is_picked_for_each_connection(whole):
    """Each of 20 callers has one connection and with it one Pod; with this seed one Pod has 8 of
    20, twice its share of connections and of requests, and is overloaded at 60 % of the whole."""
    run = whole("keep-alive")
    there = run.requests.filter(pc.is_valid(run.requests["pod"]))
    pairs = set(zip(*(there[name].to_pylist() for name in ("connection", "pod")), strict=True))
    assert len(pairs) == len({connection for connection, _ in pairs}) == 20
    dealt = [pod for _, pod in pairs]
    most = max(dealt.count(pod) for pod in dealt)
    assert most == 8
    assert share_of_the_busiest(run) == pytest.approx(most / 4, rel=0.03)
    busy = [pod.utilisation for pod in run.summary.pods.values()]
    assert max(busy) > 0.98
    assert min(busy) < 0.4
    assert run.summary.latency_seconds.p99 > 1


@pytest.mark.parametrize(
    ("networks", "connections", "known"),
    [(["/28", "/29"], 20, 1.61), (["/29", "/30", "/30"], 10, 1.88)],
)
def test_the_busiest_has_what_the_most_of_random_choices_has(dealt, networks, connections, known):
    """Over seeds, the mean of max / mean is that of K connections dealt at random to 5 Pods."""
    expected = most_of(connections, 5) / (connections / 5)
    assert expected == pytest.approx(known, abs=0.005)
    uneven = [max(dealt(seed, networks)) / (connections / 5) for seed in range(1, 101)]
    assert np.mean(uneven) == pytest.approx(expected, abs=4 * np.std(uneven) / 100**0.5)


def test_a_maximum_age_deals_connections_anew(whole):
    """With connections of 5 s each caller has some 24 in two minutes: no Pod is overloaded."""
    aged = {f"clients[{number}].connections.maxAge": "5s" for number in (0, 1)}
    run = whole("keep-alive", **aged)
    assert pc.count_distinct(run.requests["connection"]).as_py() == pytest.approx(480, rel=0.1)
    assert share_of_the_busiest(run) < 1.25
    before = whole("keep-alive").summary.latency_seconds
    assert run.summary.latency_seconds.mean < before.mean / 10


def test_a_balancer_of_requests_repairs_it(whole):
    """Requests in turn over five nodes with a Pod each: all Pods have the same."""
    http = {"loadBalancers[0].mode": "http"}
    run = whole("keep-alive", {"Service/web.spec.externalTrafficPolicy": "Local"}, **http)
    assert share_of_the_busiest(run) < 1.001
    assert run.summary.latency_seconds.p99 < 0.5


EDGES = range(8)
"""The load balancers of the scenario prequal."""


def p99s(whole, seed, *strategies):
    """The scenario's p99 in seconds with each of these strategies at every load balancer."""
    return [
        whole(
            "prequal",
            seed=seed,
            log="summary",
            **{f"loadBalancers[{edge}].strategy": strategy for edge in EDGES},
        ).summary.latency_seconds.p99
        for strategy in strategies
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_prequal_sees_what_neighbours_do(whole, seed):
    """With the same neighbours and requests p99 is a tenth of that of weights that know the speeds,
    and a thirtieth of that of turns; what a load balancer knows of itself leaves half as much more.
    """
    prequal, weighted, turns, least = p99s(
        whole, seed, "prequal", "weighted_round_robin", "round_robin", "least_connections"
    )
    assert prequal == pytest.approx(0.15, rel=0.2)
    assert weighted > 10 * prequal
    assert turns > 30 * prequal
    assert 1.2 * prequal < least < 2.5 * prequal


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_cold_pod_gets_all_that_is_new(whole, seed):
    """The Pod with the fewest connections gets each new one, and p99 is five times that of turns;
    with a slow start it is less than that of turns."""
    slow = {"window": "30s", "aggression": 0.5}
    repaired = {
        "loadBalancers[0].strategy": "weighted_least_connections",
        "loadBalancers[0].slowStart": slow,
    }
    fewest = whole("cold-pod", seed=seed)
    turns = whole("cold-pod", seed=seed, **{"loadBalancers[0].strategy": "round_robin"})
    slowly = whole("cold-pod", seed=seed, **repaired)
    p99 = [run.summary.latency_seconds.p99 for run in (fewest, turns, slowly)]
    assert p99[0] > 5 * p99[1]
    assert p99[2] < p99[1]
    first = [
        np.mean(np.array(run.requests["pod"].to_pylist())[between(run, 60, 70)] == "default/web-4")
        for run in (fewest, turns, slowly)
    ]
    assert first[0] > 2 * first[1] > first[2]


def between(run, first, last):
    """Which requests came to the load balancer between these seconds."""
    at = column(run, "lb_ns") / 1e9
    return (at >= first) & (at < last)


def test_every_scenario_is_conserved(shipped):
    """Sent = ok + failed + in flight, a row for each attempt, whatever happened to it."""
    for name in SHIPPED:
        run = shipped(name)
        counts = run.summary.requests
        assert counts.sent == counts.ok + counts.failed + counts.in_flight
        assert counts.sent == len(pc.unique(run.requests["request"]))
        assert run.summary.attempts.sent == run.requests.num_rows
        assert isinstance(run, emu.Run)


def test_session_affinity_leaves_pods_idle_and_others_swamped(whole, tmp_path):
    """Idle are N (1 - 1/N)^K Pods for K addresses; whoever has four clients cannot keep up."""
    expected, idle = 126 * (125 / 126) ** 126, []
    for seed in range(1, 9):
        run = whole("session-affinity", seed=seed, duration="5s")
        idle.append(sum(pod.requests == 0 for pod in run.summary.pods.values()))
    assert np.mean(idle) == pytest.approx(expected, abs=4 * 3.5 / 8**0.5)
    names = np.array(run.requests["pod"].to_pylist())
    addresses = np.array(run.requests["client_address"].to_pylist())
    for name, pod in run.summary.pods.items():
        clients = len(set(addresses[names == name]))
        assert clients < 4 or pod.utilisation > 0.9, (name, clients)
        assert clients > 1 or pod.utilisation < 0.6, (name, clients)
    none = emu.run(SCENARIOS / "session-affinity.yaml", overrides=WITHOUT, out=tmp_path)
    assert min(pod.requests for pod in none.summary.pods.values()) > 0


def moved(run):
    """The share of the addresses whose node is another from 5 s on."""
    before, after = {}, {}
    intended = column(run, "intended_ns")
    addresses, nodes = run.requests["client_address"].to_pylist(), run.requests["node"].to_pylist()
    for address, node, at in zip(addresses, nodes, intended, strict=True):
        if node is not None:
            (before if at < 4.9e9 else after if at > 5e9 else {})[address] = node
    both = before.keys() & after.keys()
    assert len(both) > 3500
    return sum(before[address] != after[address] for address in both) / len(both)


@pytest.mark.parametrize(
    ("strategy", "share", "by"),
    [
        ("source_ip_hash", 0.9, 0.02),
        ("rendezvous_hash", 0.1, 0.02),
        ("ring_hash", 0.1, 0.04),
        ("maglev", 0.1, 0.04),
    ],
)
def test_a_node_that_joins_moves_clients(whole, strategy, share, by):
    """From nine nodes to ten: modulo hashing moves nine in ten, consistent hashing one in ten."""
    run = whole("rehash", **{"loadBalancers[0].strategy": strategy})
    assert moved(run) == pytest.approx(share, abs=by)
