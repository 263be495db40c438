"""Connections that clients keep: which request goes over which, and what that saves."""

import pytest

from emu.recorder.rows import ABSENT, Outcome
from tests.engines.keeping import (
    CLIENT_TO_NODE,
    HTTP2,
    MS,
    ONE_WAY,
    OPEN_TO_ANSWER,
    ROUND_TRIP,
    SPEC,
    TWO_PORTS,
    US,
    S,
    column,
    sending,
)


@pytest.mark.parametrize("connections", [{}, HTTP2])
def test_a_reused_connection_saves_a_round_trip(described, play, connections):
    """The second request goes over the first one's connection, to its Pod, and is there sooner by
    exactly the handshake."""
    run = play(described(SPEC, **sending(["0s", "1s"], connections)))
    first, second = run.rows
    assert run.outcomes == {"ok": 2}
    assert (first["new_connection"], second["new_connection"]) == (1, 0)
    for name in ("connection", "client_port", "masquerade_port", "endpoint", "pod", "node"):
        assert first[name] == second[name] != ABSENT
    assert first["done_ns"] - first["intended_ns"] == OPEN_TO_ANSWER
    assert second["node_ns"] - second["sent_ns"] == CLIENT_TO_NODE
    assert second["pod_ns"] - second["sent_ns"] == ONE_WAY
    assert second["done_ns"] - second["intended_ns"] == OPEN_TO_ANSWER - ROUND_TRIP
    assert run.state.conntrack.live.tolist() == [1, 0]


def test_without_connections_each_request_has_one(described, play):
    """Where nothing is said, both pay the handshake, over connections 0 and 1."""
    run = play(described(SPEC))
    assert column(run, "connection") == [0, 1]
    assert set(run.rows["done_ns"] - run.rows["intended_ns"]) == {OPEN_TO_ANSWER}


def test_http_1_opens_a_connection_for_each_request_at_once(described, play):
    """Three within a handshake are three connections; the next takes the one that was free last."""
    run = play(described(SPEC, **sending(["0s", "1ms", "2ms", "1s"], {})))
    assert column(run, "connection") == [0, 1, 2, 2]
    assert column(run, "new_connection") == [1, 1, 1, 0]
    assert len(set(column(run, "client_port"))) == 3


def test_http_2_joins_a_connection_that_is_being_opened(described, play):
    """Two that come within its handshake wait until it is open, and are at the Pod with the first.

    The fourth request is too much for its three streams.
    """
    streams = HTTP2 | {"streams": 3}
    run = play(described(SPEC, **sending(["0s", "1ms", "20ms", "21ms"], streams)))
    assert column(run, "connection") == [0, 0, 0, 1]
    assert column(run, "sent_ns") == [0, MS, 20 * MS, 21 * MS]
    assert column(run, "pod_ns")[:3] == [ROUND_TRIP + ONE_WAY] * 3
    assert column(run, "pod_ns")[3] == 21 * MS + ROUND_TRIP + ONE_WAY


FAILING = {
    "closed port": ("http://192.168.1.100:81/", {}, Outcome.REFUSED, 2 * CLIENT_TO_NODE),
    "nobody": ("http://192.168.1.99/", {}, Outcome.CONNECT_TIMEOUT, 127 * S),
    "wrong port of the Pod": (
        "http://192.168.1.100:30001/", {"behaviours": [{"appPort": 9}]}, Outcome.REFUSED,
        ROUND_TRIP,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILING)
def test_all_that_joined_a_connection_fail_with_it(described, play, case):
    """Whoever waits for a connection that is refused, or not answered, learns it with the first."""
    url, change, outcome, known = FAILING[case]
    made = sending(["0s", "1ms", "2ms"], HTTP2, url=url) | change | {"duration": "200s"}
    run = play(described(SPEC, **made))
    assert column(run, "connection") == [0, 0, 0]
    assert set(column(run, "outcome")) == {outcome}
    assert column(run, "done_ns") == [known] * 3


def test_a_refused_connection_is_kept_by_nobody(described, play):
    """The request after a refusal opens another."""
    made = sending(["0s", "1s"], HTTP2, url="http://192.168.1.100:81/")
    assert column(play(described(SPEC, **made)), "connection") == [0, 1]


def test_requests_wait_for_one_of_the_most_connections(described, play):
    """With one connection each has it as the one before has its answer, first come first served;
    latency counts from when they meant to send."""
    run = play(described(SPEC, **sending(["0s", "1ms", "2ms"], {"maxConnections": 1})))
    done = [OPEN_TO_ANSWER]
    for _ in range(2):
        done.append(done[-1] + OPEN_TO_ANSWER - ROUND_TRIP)
    assert column(run, "connection") == [0, 0, 0]
    assert column(run, "done_ns") == done
    assert column(run, "sent_ns") == [0, *done[:2]]


def test_each_address_has_connections_of_its_own(described, play):
    """Six addresses in turn have one connection each, and twelve requests go over six."""
    times = [f"{turn}s" for turn in range(12)]
    made = sending(times, {"maxConnections": 1}, addresses="198.51.100.0/29")
    assert column(play(described(SPEC, **made)), "connection") == [*range(6), *range(6)]


def test_a_domains_addresses_have_connections_of_their_own(described, play):
    """What is kept to one address of a name is of no use for another."""
    made = sending(["0s", "1s", "2s", "3s", "4s", "5s"], {}, url="http://example.com:30001/")
    made |= {"dns": {"example.com": ["192.168.1.100", "192.168.1.101"]}}
    run = play(described(SPEC, **made | {"resolver": {"ttl": "1s"}}))
    nodes = dict(zip(column(run, "connection"), column(run, "node"), strict=True))
    assert sorted(nodes.values()) == [0, 1]


def test_a_client_knows_the_address_before_it_takes_a_connection(described, play):
    """Within a millisecond of asking DNS, one that kept nothing sends nothing."""
    made = sending(["0s", "500us"], HTTP2, url="http://example.com:30001/")
    run = play(described(SPEC, **made, dns={"example.com": ["192.168.1.100"]}))
    assert column(run, "sent_ns") == [MS, MS]
    assert column(run, "connection") == [0, 0]


FULL = {"behaviours": [{"workers": 1, "backlog": 0, "serviceTime": "500ms"}]}


@pytest.mark.parametrize(("connections", "numbers"), [({}, [0, 1, 2, 0]), (HTTP2, [0, 0, 0, 0])])
def test_a_full_backlog_ends_the_request_and_http_1_with_it_the_connection(
    described, play, connections, numbers
):
    """Two are refused while the one Pod serves the first: with HTTP/1.1 each breaks its connection,
    with HTTP/2 its stream alone ends."""
    made = sending(["0s", "100ms", "200ms", "900ms"], connections)
    run = play(described(SPEC, ONE_POD, **made, **FULL))
    outcomes = [Outcome(outcome).name for outcome in column(run, "outcome")]
    assert outcomes == ["OK", "BACKLOG_FULL", "BACKLOG_FULL", "OK"]
    assert column(run, "connection") == numbers


ONE_POD = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 8080, nodePort: 30001}]}
---
apiVersion: v1
kind: Node
metadata: {name: node-1}
status: {addresses: [{type: InternalIP, address: 192.168.1.100}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-1, containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""


def test_a_client_that_gives_up_ends_an_http_1_connection(described, play):
    """At 50 ms it waits no longer; the request at 60 ms needs a connection of its own."""
    made = sending(["0s", "60ms"], {}, timeout="50ms")
    run = play(described(SPEC, behaviours=[{"serviceTime": "300ms"}], **made))
    assert run.outcomes == {"request_timeout": 2}
    assert column(run, "done_ns") == [50 * MS, 110 * MS]
    assert column(run, "connection") == [0, 1]


def test_a_client_that_gives_up_leaves_an_http_2_connection_to_others(described, play):
    """Its stream alone ends at 50 ms, and its connection's only other is free for the next."""
    connections = HTTP2 | {"streams": 2, "maxConnections": 1}
    made = sending(["0s", "1ms", "20ms"], connections, timeout="50ms")
    run = play(described(SPEC, behaviours=[{"serviceTime": "300ms"}], **made))
    assert column(run, "connection") == [0, 0, 0]
    assert column(run, "sent_ns") == [0, MS, 50 * MS]
    assert run.outcomes == {"request_timeout": 3}


@pytest.mark.parametrize("connections", [{}, HTTP2])
def test_a_connection_that_is_still_being_opened_is_left_to_itself(described, play, connections):
    """The client gives up at 10 ms, in the handshake; the connection serves the request at 1 s."""
    made = sending(["0s", "1s"], connections, timeout="10ms")
    run = play(described(SPEC, **made))
    assert column(run, "connection") == [0, 0]
    assert column(run, "done_ns") == [10 * MS, S + 10 * MS]


def test_who_gives_up_while_it_waits_for_a_connection_sends_nothing(described, play):
    """There is one connection, and it is taken for longer than the second waits."""
    made = sending(["0s", "1ms", "1s"], {"maxConnections": 1}, timeout="10ms")
    run = play(described(SPEC, **made))
    assert column(run, "done_ns") == [10 * MS, 11 * MS, S + 10 * MS]
    assert column(run, "sent_ns") == [0, ABSENT, S]
    assert column(run, "connection") == [0, ABSENT, 0]
    assert column(run, "pod_ns")[1] == ABSENT


def test_who_finds_no_port_has_no_connection(described, play):
    """With two ports for four requests at once two fail at once; later ones go over the others'."""
    times = ["0s", "1ms", "2ms", "3ms", "1s"]
    run = play(described(SPEC, kernel=TWO_PORTS, **sending(times, {})))
    assert run.outcomes == {"ok": 3, "ports_exhausted": 2}
    assert column(run, "connection") == [0, 1, ABSENT, ABSENT, 1]
    assert column(run, "done_ns")[2:4] == column(run, "sent_ns")[2:4] == [2 * MS, 3 * MS]


def test_straight_to_a_pod(described, play):
    """Connections to a Pod's own address are kept as well, and nobody translates them."""
    made = sending(["0s", "1s"], {}, url="http://10.244.1.2:8080/", node="node-2")
    run = play(described(SPEC, **made))
    assert column(run, "connection") == [0, 0]
    assert set(column(run, "node_ns")) == {ABSENT}
    one_way = 520 * US
    taken = run.rows["done_ns"] - run.rows["intended_ns"]
    assert taken.tolist() == [4 * one_way + 20 * MS, 2 * one_way + 20 * MS]
