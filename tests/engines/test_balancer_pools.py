"""Connections that a load balancer keeps to the nodes, and those that it joins to its clients'."""

import pytest

from emu.hops import conntrack
from emu.recorder.rows import ABSENT, Outcome
from tests.engines.keeping import HTTP2, MS, TWO_PORTS, US, S, at, column

SPEC = """
duration: 20s
loadBalancers: [{name: edge, address: 192.168.1.1, listeners: [{service: web}]}]
behaviours: [{workers: 100, serviceTime: 20ms}]
clients: [{name: c, url: "http://192.168.1.1/", arrivals: {trace: {times: [0s, 1s]}}}]
"""
"""The reference cluster: 10.25 ms to the load balancer, 500 us to node-1, 20 us to the Pod."""

CLIENT_TO_LB, LB_TO_NODE, LOCAL = 10_250 * US, 500 * US, 20 * US
LB_TO_POD = LB_TO_NODE + LOCAL
FIRST_ANSWER = 3 * CLIENT_TO_LB + 3 * LB_TO_POD + 20 * MS + LB_TO_POD + CLIENT_TO_LB
"""What a request takes over two connections that are opened for it, to a Pod of node-1."""

ONLY_NODE_1 = {"loadBalancers[0].weights": {"node-2": 0}}
TCP = {"loadBalancers[0].mode": "tcp"}


def sending(times, connections=None, **more):
    """Changes of the spec: the client means to send then, and keeps connections so, if at all."""
    client = {"name": "c", "url": "http://192.168.1.1/", "arrivals": {"trace": {"times": times}}}
    kept = {} if connections is None else {"connections": connections}
    return {"clients": [client | kept | more]}


def keeping(connections):
    """Changes of the spec: the load balancer keeps connections so."""
    return {"loadBalancers[0].connections": connections}


def test_a_kept_connection_to_a_node_saves_its_round_trip(described, play):
    """Of two clients' connections the second goes on over the balancer's first, to its Pod."""
    run = play(described(SPEC, **sending(["0s", "1s"]), **keeping({}), **ONLY_NODE_1))
    first, second = run.rows
    assert column(run, "connection") == [0, 2]
    assert column(run, "lb_connection") == [1, 1]
    assert column(run, "new_connection") == [3, 1]
    for name in ("lb_port", "pod", "masquerade_port"):
        assert first[name] == second[name] != ABSENT
    assert first["done_ns"] == FIRST_ANSWER
    assert second["node_ns"] - second["lb_ns"] == LB_TO_NODE
    assert second["done_ns"] - second["sent_ns"] == FIRST_ANSWER - 2 * LB_TO_POD


def test_both_sides_kept_save_both_round_trips(described, play):
    """The second request opens nothing at all."""
    run = play(described(SPEC, **sending(["0s", "1s"], {}), **keeping({}), **ONLY_NODE_1))
    assert column(run, "connection") == [0, 0]
    assert column(run, "lb_connection") == [1, 1]
    assert column(run, "new_connection") == [3, 0]
    saved = 2 * LB_TO_POD + 2 * CLIENT_TO_LB
    assert run.rows["done_ns"][1] - S == FIRST_ANSWER - saved


def test_requests_of_one_connection_are_balanced_one_by_one(described, play):
    """With the mode http one connection of a client is no tie to a node: in turn, as ever."""
    times = [f"{turn}s" for turn in range(6)]
    run = play(described(SPEC, **sending(times, {}), **keeping({})))
    assert set(column(run, "connection")) == {0}
    assert column(run, "node") == [0, 1] * 3
    assert column(run, "lb_connection") == [1, 2] * 3


def test_each_backend_has_its_own_limit_and_in_flight_counts_those_that_wait(described, play):
    """One connection a node: four at once are two for each, of which one waits."""
    strategy = {"loadBalancers[0].strategy": "least_connections"}
    limited = keeping({"maxConnections": 1})
    run = play(described(SPEC, **sending(["0s"] * 4 + ["9s"]), **limited, **strategy))
    assert sorted(column(run, "node")[:4]) == [0, 0, 1, 1]
    assert sorted(column(run, "lb_connection")[:4]) == sorted(column(run, "lb_connection")[:2] * 2)
    waits = (run.rows["node_ns"] - run.rows["lb_ns"])[:4]
    assert sorted(waits > 10 * MS) == [False, False, True, True]
    assert run.state.backends["in_flight"].tolist() == [0, 0]


def test_a_balancers_idle_connection_gives_back_port_and_entry(described, play):
    """Closed 5 s after its answer; its port is free 60 s later, its entry gone after 120 s."""
    closed = FIRST_ANSWER - CLIENT_TO_LB + 5 * S
    there = [closed + wait - 3 * CLIENT_TO_LB for wait in (60 * S - 1, 60 * S)]
    made = sending(at(0, 0, *there)) | {"duration": "70s", "kernel": TWO_PORTS}
    run = play(described(SPEC, **made, **keeping({"idleTimeout": "5s"}), **ONLY_NODE_1))
    outcomes = [Outcome(outcome).name for outcome in column(run, "outcome")]
    assert outcomes == ["OK", "OK", "PORTS_EXHAUSTED", "OK"]
    gone = closed + 120 * S
    live = []
    for moment in (gone - 1, gone):
        conntrack.count(*run.state.conntrack, moment)
        live.append(int(run.state.conntrack.live[0]))
    assert live[0] - live[1] == 1  # the other port's; the first one's went with its reuse


def test_a_failure_behind_a_balancer_leaves_the_clients_connection(described, play):
    """It answers with a 502, over the connection that the client keeps; its own is broken."""
    made = sending(["0s", "1s"], {}) | {"behaviours": [{"appPort": 9}]}
    run = play(described(SPEC, **made, **keeping(HTTP2), **ONLY_NODE_1))
    assert run.outcomes == {"refused": 2}
    assert column(run, "connection") == [0, 0]
    assert column(run, "lb_connection") == [1, 2]


def test_tcp_balances_connections(described, play):
    """All requests of one connection go over one joined to it, to one Pod, and pay no handshake."""
    times = [f"{turn}s" for turn in range(6)]
    run = play(described(SPEC, **sending(times, {}), **TCP, **ONLY_NODE_1))
    assert set(column(run, "connection")) == {0}
    assert set(column(run, "lb_connection")) == {1}
    assert column(run, "new_connection") == [3, 0, 0, 0, 0, 0]
    for name in ("lb_port", "node", "pod"):
        assert len(set(column(run, name))) == 1
    taken = (run.rows["done_ns"] - run.rows["intended_ns"]).tolist()
    saved = 2 * LB_TO_POD + 2 * CLIENT_TO_LB
    assert taken == [FIRST_ANSWER] + [FIRST_ANSWER - saved] * 5


def test_tcp_without_kept_connections_is_as_http(described, play):
    """One request a connection: to balance one is to balance the other."""
    runs = [play(described(SPEC, **sending(["0s", "1s"]), **mode)) for mode in ({}, TCP)]
    assert runs[0].rows.tolist() == runs[1].rows.tolist()


def test_requests_join_the_connection_behind_the_balancer_too(described, play):
    """HTTP/2 over the mode tcp: two more within the handshake are at the Pod with the first."""
    run = play(described(SPEC, **sending(["0s", "1ms", "2ms"], HTTP2), **TCP, **ONLY_NODE_1))
    assert column(run, "connection") == [0, 0, 0]
    assert column(run, "lb_connection") == [1, 1, 1]
    assert len(set(column(run, "pod_ns"))) == 1


def test_joined_connections_fail_together(described, play):
    """What is refused behind the balancer ends the client's connection as well, under all that
    have joined it."""
    made = sending(["0s", "1ms", "2ms", "1s"], HTTP2) | {"behaviours": [{"appPort": 9}]}
    run = play(described(SPEC, **made, **TCP, **ONLY_NODE_1))
    assert run.outcomes == {"refused": 4}
    assert column(run, "connection") == [0, 0, 0, 2]
    assert len(set(column(run, "done_ns")[:3])) == 1
    assert run.state.backends["in_flight"].tolist() == [0, 0]


def test_joined_connections_close_together(described, play):
    """The client's is idle 5 s after its answer; then both ports are in TIME_WAIT for a minute, and
    the balancer's entry is gone after two."""
    closed = FIRST_ANSWER + 5 * S
    made = sending(at(0, 0, closed + 60 * S - 1, closed + 60 * S), {"idleTimeout": "5s"})
    made |= {"duration": "66s", "kernel": TWO_PORTS}
    run = play(described(SPEC, **made, **TCP, **ONLY_NODE_1))
    outcomes = [Outcome(outcome).name for outcome in column(run, "outcome")]
    assert outcomes == ["OK", "OK", "PORTS_EXHAUSTED", "OK"]
    assert column(run, "client_port") == column(run, "lb_port")
    live = []
    for moment in (closed + 120 * S - 1, closed + 120 * S):
        conntrack.count(*run.state.conntrack, moment)
        live.append(int(run.state.conntrack.live[0]))
    assert live[0] - live[1] == 1


@pytest.mark.parametrize(("mode", "in_flight"), [("tcp", [2, 2]), ("http", [0, 0])])
def test_least_connections_counts_idle_connections_under_tcp(described, play, mode, in_flight):
    """Four addresses, one after the other: where connections are balanced, an idle one counts, and
    each node gets two; where requests are, none is in flight any more."""
    made = sending(["0s", "1s", "2s", "3s"], {}, addresses="198.51.100.0/29")
    balancer = {"loadBalancers[0].mode": mode, "loadBalancers[0].strategy": "least_connections"}
    run = play(described(SPEC, **made, **balancer))
    assert run.state.backends["in_flight"].tolist() == in_flight


def test_in_flight_falls_with_the_end_of_a_joined_connection(described, play):
    """Idle for 1 s, a client's connection ends, and the node has one less."""
    made = sending(["0s", "100ms", "5s"], {"idleTimeout": "1s"})
    run = play(described(SPEC, **made, **TCP, duration="5500ms"))
    assert sum(run.state.backends["in_flight"].tolist()) == 1
    ended = play(described(SPEC, **made, **TCP))
    assert ended.state.backends["in_flight"].tolist() == [0, 0]
