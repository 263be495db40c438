"""The paths of requests over connections that are kept, on either side of a load balancer."""

import pytest

import emu
from emu.path import wire
from tests.path.test_hops import EDGE, ONE_ENTRY, POD, SERVICE, check_run

SPEC = """
requests: 60
nodePools: [{name: node, nodes: 2, cpu: 1}]
loadBalancers: [{name: edge, address: 192.168.1.1, listeners: [{service: web}]}]
behaviours: [{workers: 1, backlog: 3, serviceTime: {exponential: {mean: 5ms}}}]
network: {local: {exponential: {mean: 1ms}}}
record: {hops: 1}
clients: [{name: c, url: "http://192.168.1.1/", arrivals: {poisson: {rate: 200/s}}}]
"""
HTTP2 = {"protocol": "HTTP/2"}
KEEPING, PASSING_ON = "clients[0].connections", "loadBalancers[0].connections"
TCP = {"loadBalancers[0].mode": "tcp"}
ONLY_NODE_1 = {"loadBalancers[0].weights": {"node-2": 0}}
NODE_2 = "http://192.168.1.101:30001/"
URL, TO_POD = "clients[0].url", {"clients[0].node": "node-2"}


@pytest.mark.parametrize(
    "changes",
    [
        {KEEPING: {}},
        {KEEPING: HTTP2, PASSING_ON: HTTP2},
        {PASSING_ON: {"maxConnections": 1}},
        {KEEPING: HTTP2} | TCP,
        {KEEPING: HTTP2, URL: NODE_2},
        {KEEPING: {"maxConnections": 1}, URL: NODE_2, "clients[0].timeout": "40ms"},
        {KEEPING: HTTP2, URL: "http://10.244.0.2:8080/"} | TO_POD,
        {KEEPING: HTTP2, URL: "http://10.244.0.2:80/"} | TO_POD,
        {KEEPING: HTTP2, URL: "http://192.168.1.101:81/"},
        {KEEPING: HTTP2, URL: "http://web:8080/"} | TO_POD,
    ],
)  # fmt: skip
def test_the_steps_say_what_the_rows_say(described, tmp_path, changes):
    """Every request of a run, whatever is kept: its moments, addresses and ports."""
    run = emu.run(described(SPEC, SERVICE + POD, **changes), out=tmp_path)
    assert sum(check_run(run).values()) == 60
    assert False in run.requests["new_connection"].to_pylist() or PASSING_ON in changes


@pytest.mark.parametrize("outcome", ["refused", "conntrack_full"])
@pytest.mark.parametrize("url", [NODE_2, f"http://{EDGE}/"])
def test_who_waited_for_a_connection_that_fails_went_nowhere(described, tmp_path, outcome, url):
    """All that joined it know the failure; the packets were those of the first request."""
    objects = {"refused": SERVICE, "conntrack_full": SERVICE + POD + ONE_ENTRY}[outcome]
    two = HTTP2 | {"streams": 2}
    changes = {KEEPING: two, PASSING_ON: two, URL: url}
    run = emu.run(described(SPEC, objects, **changes), out=tmp_path)
    assert outcome in check_run(run)


def whats(described, play, **changes):
    """What is said at each step of the path of the second request."""
    changes |= {"clients[0].arrivals": {"trace": {"times": ["0s", "1s"]}}, "requests": 2}
    run = play(described(SPEC, SERVICE + POD, **changes))
    return [f"{step.place}: {step.what}" for step in wire(run.model, run.rows[1])]


def test_the_words_for_kept_connections(described, play):
    """No rule is met; conntrack knows the connection, and each side says which it was."""
    assert whats(described, play, **{KEEPING: {}, PASSING_ON: {}}, **ONLY_NODE_1) == [
        "c: over kept connection 0",
        "edge: listener on port 80",
        "edge: round_robin picks node-1; over kept connection 1",
        "node-1 eth0: conntrack: an open connection",
        "node-1 veth: DNAT as of its first packet",
        "default/web-1: the application listens on 8080",
        "default/web-1: the application answers",
        "node-1 veth: an answer that conntrack knows",
        "node-1 eth0: conntrack: translated back",
        "edge: the answer",
        "edge: proxied answer",
        "c: the answer",
    ]


def test_the_words_for_joined_connections(described, play):
    """A load balancer that joins connections picks nothing for the second request."""
    said = whats(described, play, **{KEEPING: {}}, **TCP, **ONLY_NODE_1)
    assert said[2] == "edge: joined to connection 1"


def test_a_connection_that_was_joined_is_closed_where_it_fails(described, play):
    """No 502 on the way of packets: the client's connection ends."""
    changes = TCP | {KEEPING: {}, "behaviours[0].appPort": 9}
    said = whats(described, play, **changes)
    assert said[-1] == "c: connection closed"
