"""What requests meet while nodes and load balancers believe what is no longer so."""

import numpy as np
import pytest

from emu.recorder.rows import Outcome

S, MS = 1_000_000_000, 1_000_000

SPEC = """
duration: 160s
network: {external: 1ms, internal: 100us, local: 0s}
nodePools: [{name: node, nodes: 4}]
nodeLifecycle: {grace: 40s}
loadBalancers:
  - {name: edge, address: 192.168.1.1, listeners: [{service: default/web}], connectTimeout: 2s}
behaviours: [{workers: 50, serviceTime: 5ms}]
timeline: [{at: 20s, do: nodePartition, node: node-2}]
clients:
  - name: outside
    url: http://192.168.1.1/
    arrivals: {constant: {rate: 40/s}}
    timeout: 3s
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
""" + "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: web-{number}, labels: {{app: web}}}}
spec: {{nodeName: node-{number}, containers: [{{name: web}}]}}
status: {{podIP: 10.244.{number}.2}}
"""
    for number in (1, 2, 3, 4)
)


def test_the_two_windows_of_a_node_that_is_gone(described, play):
    """Until its health check fails, a quarter of the requests are given to the node that is gone;
    of the others, a quarter are sent on to its Pod until the grace period is over and the rules of
    the nodes are synced. After that nothing is lost."""
    run = play(described(SPEC, OBJECTS))
    unhealthy = next(at for at, kind, *_ in run.events if kind == "target_unhealthy")
    lost = next(at for at, kind, *_ in run.events if kind == "node_not_ready")
    synced = max(at for at, kind, *_ in run.events if kind == "rules_synced")
    assert 20 + 16 + 1 <= unhealthy / S < 20 + 24 + 1
    assert 20 + 30 < lost / S < 20 + 45
    assert 150 * MS <= synced - lost <= 200 * MS
    rows = run.rows[run.rows["outcome"] != Outcome.IN_FLIGHT]
    failed, at = rows["outcome"] != Outcome.OK, rows["lb_ns"]
    to_node = rows["node"] == 1

    def share(where, first, last):
        window = (at >= first) & (at < last)
        return (failed & where & window).sum() / window.sum()

    assert not failed[at < 20 * S - 100 * MS].any()
    assert share(to_node, 20 * S, unhealthy) == pytest.approx(1 / 4, abs=0.01)
    assert share(~to_node, 20 * S, unhealthy) == pytest.approx(3 / 16, abs=0.05)
    assert share(~to_node, unhealthy, lost) == pytest.approx(1 / 4, abs=0.05)
    assert not to_node[at > unhealthy].any()
    assert not failed[at > synced].any()


def test_series_of_what_is_believed(described, play):
    """Targets, the age of what is not synced, and the share of nodes that are behind."""
    run = play(described(SPEC, OBJECTS, **{"propagation.sync": "5s"}))
    lost = next(at for at, kind, *_ in run.events if kind == "node_not_ready")
    series = {}
    for at, metric, name, value in run.samples:
        series.setdefault((metric, name), {})[at] = value
    available = series["targets_available", "edge:80"]
    assert (available[19 * S], available[50 * S]) == (4, 3)
    moment = lost // S * S + 3 * S
    assert series["sync_lag_ns", "node-1"][moment] == moment - lost
    assert series["stale_nodes", ""][moment] == 1
    assert series["stale_nodes", ""][moment + 10 * S] == 1 / 4  # the node that is gone


def test_a_name_that_nobody_answers_for(described, play):
    """From 20 s to 33 s nobody answers. Answers hold 5 s: who asks before 23 s has failed 10 s
    later, who asks after that has the answer at the second attempt."""
    spec = SPEC.replace("http://192.168.1.1/", "http://example.com/").replace(
        "do: nodePartition, node: node-2", "do: dnsFailure, for: 13s"
    )
    dns = "dns: {example.com: [192.168.1.1]}\nresolver: {ttl: 5s}\n"
    run = play(described(dns + spec.replace("timeout: 3s", "timeout: 60s"), OBJECTS))
    outcomes = run.rows["outcome"]
    failed = run.rows[outcomes == Outcome.DNS_FAILURE]
    assert len(failed) > 100
    assert set(outcomes) <= {Outcome.OK, Outcome.DNS_FAILURE, Outcome.IN_FLIGHT}
    assert len(np.unique(failed["done_ns"])) == 1
    first = failed["intended_ns"].min()
    assert failed["done_ns"][0] - first == 10 * S
    assert 20 * S <= first < 23 * S


def test_another_strategy_from_then_on(described, play):
    """Round robin takes turns; from 50 s on the draw is random, and some turns are not kept."""
    spec = SPEC.replace(
        "do: nodePartition, node: node-2",
        "do: changeStrategy, loadBalancer: edge, strategy: random",
    )
    rows = play(described(spec, OBJECTS, duration="60s")).rows
    turns = (np.diff(rows["node"]) % 4 == 1) & (rows["node"][1:] >= 0)
    at = rows["lb_ns"][1:]
    assert turns[at < 20 * S - MS].all()
    assert turns[at > 20 * S][:-4].mean() == pytest.approx(1 / 4, abs=0.05)


def test_strategies_may_change_in_any_order(described, play):
    """One with an index, one with a table, one that probes: nobody is lost on the way."""
    names = ["least_connections", "maglev", "prequal", "weighted_random", "join_idle_queue"]
    timeline = "".join(
        f"{{at: {10 + 5 * number}s, do: changeStrategy, loadBalancer: edge, strategy: {name}}}, "
        for number, name in enumerate(names)
    )
    spec = SPEC.replace("{at: 20s, do: nodePartition, node: node-2}", timeline)
    spec = spec.replace("name: edge,", "name: edge, target: pod,")
    run = play(described(spec, OBJECTS, duration="40s"))
    assert set(run.outcomes) <= {"ok", "in_flight"}
    assert run.outcomes["ok"] > 1500


DEPLOYED = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
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
"""


def test_pods_of_a_dead_node_are_replaced_after_their_toleration(described, play):
    """10 s after the node is not ready its Pod is evicted, and the Deployment makes another one
    elsewhere, which serves a quarter from then on; the old one ends when its node is back."""
    spec = SPEC.replace("grace: 40s", "grace: 40s, toleration: 10s")
    spec = spec.replace("nodePartition, node: node-2", "nodeDown, node: node-2, for: 100s")
    run = play(described(spec, DEPLOYED))
    events = {kind: at for at, kind, *_ in reversed(run.events)}
    assert events["pod_evicted"] - events["node_not_ready"] == 10 * S
    ((*_, node),) = run.pods
    assert node != 1
    after = run.rows[(run.rows["lb_ns"] > 90 * S) & (run.rows["lb_ns"] < 119 * S)]
    assert set(after["outcome"]) == {Outcome.OK}
    assert (after["pod"] == 4).mean() == pytest.approx(1 / 4, abs=0.05)
    assert 1 not in set(after["pod"])
    assert 120 * S < events["node_ready"] <= 130 * S
    deleted = [(at, name) for at, kind, name, *_ in run.events if kind == "pod_deleted"]
    assert len(deleted) == 1
    assert deleted[0][0] == events["node_ready"]


def test_under_local_a_health_check_window_is_lost(described, play):
    """The only Pod of node-2 terminates. Its rules have no local endpoint a moment later, so they
    drop what the load balancer sends there, until the healthCheckNodePort has failed three times.
    """
    objects = DEPLOYED.replace("selector", "externalTrafficPolicy: Local, selector", 1)
    spec = SPEC.replace("nodePartition, node: node-2", "drainNode, node: node-2")
    run = play(described(spec, objects, **{"behaviours[0].startup": "0s"}))
    unhealthy = next(at for at, kind, *_ in run.events if kind == "target_unhealthy")
    assert 20.15 + 16 <= unhealthy / S < 20.15 + 24
    rows = run.rows[run.rows["outcome"] != Outcome.IN_FLIGHT]
    failed = rows[rows["outcome"] != Outcome.OK]
    assert set(failed["node"]) == {1}
    assert failed["lb_ns"].max() < unhealthy
    window = (rows["lb_ns"] > 21 * S) & (rows["lb_ns"] < unhealthy)
    assert (rows["outcome"][window] != Outcome.OK).mean() == pytest.approx(1 / 4, abs=0.02)
