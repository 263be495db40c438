"""Backends that join in the course of a run, at once or with slow start."""

import pytest

import emu
from emu.control.joining import STEPS, share
from emu.hops.balancer import FOLLOW_WEIGHTS, STRATEGIES
from emu.model import SlowStart

MS, S = 1_000_000, 1_000_000_000

SPEC = """
duration: 8s
network: {external: 0s, internal: 0s, local: 0s}
nodePools: [{name: node, nodes: 2}]
loadBalancers:
  - name: edge
    address: 192.168.1.1
    target: pod
    listeners: [{service: default/web}]
    strategy: weighted_round_robin
    availableFrom: {web-2: 2s}
behaviours: [{workers: 100, serviceTime: 20ms}]
clients:
  - name: c
    addresses: 198.51.100.0/24
    url: http://192.168.1.1/
    arrivals: {constant: {rate: 1000/s}}
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
""" + "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: web-{number}, labels: {{app: web}}}}
spec: {{nodeName: node-{number % 2 + 1}, containers: [{{name: web}}]}}
status: {{podIP: 10.244.0.{number}}}
"""
    for number in range(1, 4)
)
SECOND = 1
"""The number of the Pod web-2."""


@pytest.fixture
def joined(described, play):
    """Runs the scenario with changes to its load balancer: the moments at which requests came to
    the load balancer, and the Pods that they were given to."""

    def run(**changes):
        changed = {f"loadBalancers[0].{field}": value for field, value in changes.items()}
        rows = play(described(SPEC, OBJECTS, **changed)).rows
        return rows["lb_ns"], rows["pod"]

    return run


def test_one_that_joins_gets_its_share_at_once(joined):
    """Nothing before its time, at that very instant it is there, and a third from then on."""
    at, pods = joined()
    assert set(pods[at < 2 * S]) == {0, 2}
    assert sorted(pods[(at >= 2 * S) & (at < 2 * S + 3 * MS)]) == [0, 1, 2]
    assert (pods[at >= 2 * S] == SECOND).mean() == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize("name", STRATEGIES)
def test_with_every_strategy(joined, name):
    """It gets nothing before, and something afterwards, with both engines alike."""
    if name == "sticky_cookie":
        pytest.skip("whoever has a cookie keeps what it names")
    at, pods = joined(strategy={name: getattr(STRATEGIES[name], "EXAMPLE", {})})
    assert SECOND not in pods[at < 2 * S]
    assert (pods[at >= 3 * S] == SECOND).mean() > 0.1


def test_least_response_time_starves_one_that_is_taken_to_be_slow(joined):
    """What is known to answer in 20 ms is preferred to what would be asked for the first time."""
    _, pods = joined(strategy={"least_response_time": {"defaultResponseTime": "1s"}})
    assert SECOND not in pods


@pytest.mark.parametrize(
    ("aggression", "least", "elapsed", "part"),
    [
        (1, 0.1, 0, 0.1),
        (1, 0.1, 10, 0.1),
        (1, 0.1, 30, 0.3),
        (1, 0.1, 100, 1),
        (1, 0.1, 1000, 1),
        (2, 0.1, 49, 0.7),
        (0.5, 0.01, 30, 0.09),
        (0.5, 0.2, 30, 0.2),
    ],
)
def test_the_part_of_the_weight(aggression, least, elapsed, part):
    """max(least, (elapsed / window)^(1 / aggression)) until the window is over, as Envoy has it."""
    assert share(SlowStart(100, aggression, least), elapsed) == pytest.approx(part)


@pytest.mark.parametrize("aggression", [1, 2])
def test_slow_start_grows_its_share(joined, aggression):
    """In each step of the window it gets w / (w + 2) of the requests, w its weight then."""
    slow = {"window": "4s", "aggression": aggression, "minWeight": 0.05}
    at, pods = joined(slowStart=slow)
    for tenth in range(10):
        first, last = (2 * S + 4 * S * part // 10 for part in (tenth, tenth + 1))
        steps = range(tenth * STEPS // 10, (tenth + 1) * STEPS // 10)
        parts = [max(0.05, (step / STEPS) ** (1 / aggression)) for step in steps]
        expected = sum(part / (part + 2) for part in parts) / len(parts)
        here = (at >= first) & (at < last)
        assert (pods[here] == SECOND).mean() == pytest.approx(expected, abs=0.005)
    assert (pods[at >= 6 * S] == SECOND).mean() == pytest.approx(1 / 3, abs=1e-3)


def test_a_weight_is_grown_to(joined):
    """Of weight 3, it has three fifths in the end and half as many for its weight in the middle."""
    at, pods = joined(weights={"web-2": 3}, slowStart={"window": "2s", "minWeight": 0.01})
    middle = (at >= 3 * S - 100 * MS) & (at < 3 * S + 100 * MS)
    assert (pods[middle] == SECOND).mean() == pytest.approx(1.5 / 3.5, abs=0.01)
    assert (pods[at >= 4 * S] == SECOND).mean() == pytest.approx(3 / 5, abs=1e-3)


@pytest.mark.parametrize("name", FOLLOW_WEIGHTS)
def test_strategies_that_follow_weights(joined, name):
    """In a window's first half it gets less than in the second, and then as much as the others."""
    slow = {"window": "4s", "minWeight": 0.02}
    at, pods = joined(strategy=name, slowStart=slow)
    parts = [
        (pods[(at >= first * S) & (at < last * S)] == SECOND).mean()
        for first, last in ((2, 4), (4, 6), (6, 8))
    ]
    assert parts == sorted(parts)
    assert parts[0] < 0.85 * parts[2]


def test_least_request_is_two_choices_again_when_the_window_is_over(joined):
    """Weights are equal then, and nothing is left of the schedule: it picks as it would without
    slow start, by the same draws."""
    at, pods = joined(strategy="least_request", slowStart={"window": "2s"})
    _, at_once = joined(strategy="least_request")
    assert (pods != at_once)[(at >= 2 * S) & (at < 4 * S)].mean() > 0.2
    assert not (pods != at_once)[at >= 5 * S].any()


def test_one_that_may_not_have_anything_never_joins(joined):
    """A Pod of weight 0 gets nothing at its time either."""
    _, pods = joined(weights={"web-2": 0})
    assert SECOND not in pods


def test_the_run_says_who_joined(described, tmp_path):
    """In the order of their times, and only those whose time came in the run."""
    changes = {"duration": "3s", "loadBalancers[0].weights": {"web-1": 0}}
    times = {"web-3": "1500ms", "web-2": "1s", "web-1": "2s"}
    scenario = described(SPEC, OBJECTS, **changes, **{"loadBalancers[0].availableFrom": times})
    joined = [row for row in emu.run(scenario, out=tmp_path).events.to_pylist() if row["at_ns"]]
    assert [tuple(row.values()) for row in joined] == [
        (S, "backend_available", "edge:80", "availableFrom", "default/web-2"),
        (1500 * MS, "backend_available", "edge:80", "availableFrom", "default/web-3"),
    ]


def test_nodes_join_too(described, play):
    """By their names; until the first is there, it is a 502."""
    service = OBJECTS.replace("{selector", "{type: NodePort, selector", 1)
    changes = {"target": "node", "availableFrom": {"node-1": "1s", "node-2": "2s"}}
    changes = {f"loadBalancers[0].{field}": value for field, value in changes.items()}
    rows = play(described(SPEC, service, duration="3s", **changes)).rows
    nodes = [set(rows["node"][rows["lb_ns"] // S == second].tolist()) for second in range(3)]
    assert nodes == [{-1}, {0}, {0, 1}]
