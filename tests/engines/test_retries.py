"""Clients that try again, hedge, or wait for answers: small stories worked out by hand.

One node without delays, so that all time is service, back-off and patience. Both engines play.
"""

import numpy as np
import pytest

from emu.hops.retries import backoff
from emu.recorder.rows import ABSENT, Outcome

MS = 1_000_000
S = 1_000_000_000

SPEC = """
nodePools: [{name: node, nodes: 1}]
network: {internal: 0s, external: 0s, local: 0s}
kernel: {ruleCost: 0s}
requests: 1
behaviours: [{workers: 1, serviceTime: 10ms}]
clients:
  - {name: c, node: node-1, url: "http://10.244.9.9:8080/", arrivals: {constant: {rate: 1/s}}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-1, containers: [{name: web}]}
status: {podIP: 10.244.9.9}
"""
TWO_PODS = f"""{POD}---
apiVersion: v1
kind: Pod
metadata: {{name: web-2, labels: {{app: web}}}}
spec: {{nodeName: node-1, containers: [{{name: web}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{type: NodePort, selector: {{app: web}}, ports: [{{port: 8080}}]}}
"""
AT_ONCE = {"base": "0s"}
"""No back-off."""
EDGE = [
    {
        "name": "edge",
        "address": "192.168.1.1",
        "target": "pod",
        "listeners": [{"service": "web"}],
    }
]
"""A load balancer before the Pods, which take turns."""


@pytest.fixture
def told(described, play):
    """Runs a client with these fields; its run."""

    def run(objects=POD, client=None, **changes):
        fields = {f"clients[0].{name}": value for name, value in (client or {}).items()}
        return play(described(SPEC, objects, **(fields | changes)))

    return run


def in_ms(run, *names):
    """These columns of the rows, in milliseconds; None for what did not happen."""
    columns = (run.rows[name].tolist() for name in names)
    return [
        tuple(None if ns == ABSENT else ns / MS for ns in row) for row in zip(*columns, strict=True)
    ]


def ends(run):
    """How each attempt ended, in order."""
    return [Outcome(outcome).name.lower() for outcome in run.rows["outcome"].tolist()]


def tried_again(run):
    """The requests that were sent more than once."""
    return run.rows["request"][run.rows["attempt"] == 1].tolist()


def test_a_refused_request_is_sent_again_after_its_back_offs(told):
    """Refused at once, each attempt follows the one before by the drawn back-off, to the
    nanosecond; all have the request's intended time, and the last failure is the end."""
    run = told(client={"retries": {"attempts": 3}}, **{"behaviours[0].appPort": 9090})
    waits = [backoff(run.model.policies, 1, 1, 0, attempt) for attempt in (0, 1)]
    assert 0 < waits[0] <= 25 * MS and 0 < waits[1] <= 75 * MS
    sent = [0, waits[0], sum(waits)]
    assert run.rows["attempt"].tolist() == [0, 1, 2]
    assert run.rows["sent_ns"].tolist() == run.rows["done_ns"].tolist() == sent
    assert run.rows["request"].tolist() == run.rows["intended_ns"].tolist() == [0, 0, 0]
    assert ends(run) == ["refused"] * 3


def test_only_what_is_said_is_tried_again(told):
    """A client that tries again after full backlogs takes a refusal as it is."""
    refusing = {"behaviours[0].appPort": 9090}
    assert ends(told(client={"retries": {"on": ["backlog_full"]}}, **refusing)) == ["refused"]
    retries = {"on": ["refused", "backlog_full"], "attempts": 2}
    assert ends(told(client={"retries": retries}, **refusing)) == ["refused"] * 2


def test_each_attempt_has_its_own_time(told):
    """Given up after 4 ms, sent again at once; the Pod serves all three, one after the other, for
    nobody: the first answer is there at 10 ms, when its client waits for it no longer."""
    retries = {"attempts": 3, "timeout": "4ms", "backoff": AT_ONCE}
    run = told(client={"retries": retries})
    assert in_ms(run, "sent_ns", "done_ns") == [(0, 4), (4, 8), (8, 12)]
    assert in_ms(run, "service_start_ns", "service_end_ns") == [(0, 10), (10, 20), (20, 30)]
    assert ends(run) == ["request_timeout"] * 3
    assert run.ending.end_ns == 30 * MS


def test_an_answer_at_the_last_moment_counts(told):
    """Served for 10 ms and waited for as long: answered."""
    assert ends(told(client={"retries": {"timeout": "10ms"}})) == ["ok"]


def test_nothing_is_tried_again_after_the_deadline(told):
    """Attempts at 0 and 4 ms, and no third at 8 ms, for the whole request ends then."""
    retries = {"attempts": 9, "timeout": "4ms", "backoff": AT_ONCE}
    run = told(client={"retries": retries, "timeout": "8ms"})
    assert in_ms(run, "sent_ns", "done_ns") == [(0, 4), (4, 8)]


def test_a_window_has_so_many_retries_and_has_them_again_after_ten_seconds(told):
    """Two in 10 s: of a failure each second, the first two of each ten are tried again."""
    retries = {"attempts": 2, "backoff": AT_ONCE, "budget": {"share": 0, "minPerSecond": 0.2}}
    run = told(client={"retries": retries}, requests=25, **{"behaviours[0].appPort": 9090})
    assert tried_again(run) == [0, 1, 10, 11, 20, 21]


def test_a_window_gives_each_request_its_share(told):
    """Half a retry for each request: every second failure is tried again."""
    retries = {"attempts": 2, "backoff": AT_ONCE, "budget": {"share": 0.5, "minPerSecond": 0}}
    run = told(client={"retries": retries}, requests=25, **{"behaviours[0].appPort": 9090})
    assert tried_again(run) == list(range(1, 25, 2))


def test_few_retries_are_under_way_at_once(told):
    """One at a time: served for 10 ms each and given up after 2 ms, of four requests that come at
    once the first alone is tried again. Its retry ends at 4 ms, when the fifth fails."""
    retries = {
        "attempts": 2, "timeout": "2ms", "backoff": AT_ONCE,
        "budget": {"share": 0, "minConcurrent": 1},
    }  # fmt: skip
    times = {"trace": {"times": ["0s", "0s", "0s", "0s", "2ms", "5ms"]}}
    run = told(client={"retries": retries, "arrivals": times}, requests=6)
    assert tried_again(run) == [0, 4, 5]


def test_the_first_answer_wins_and_the_other_is_cancelled_then(told):
    """The slow Pod takes 100 ms, the other one 10 ms; asked after 20 ms, it answers at 30 ms, and
    at this moment the client waits for the first no longer. The slow Pod goes on."""
    run = told(
        TWO_PODS, {"hedge": {"after": "20ms"}, "url": "http://192.168.1.1/"},
        loadBalancers=EDGE, speeds={"pods": {"web-2": 0.1}},
    )  # fmt: skip
    assert ends(run) == ["cancelled", "ok"]
    assert in_ms(run, "intended_ns", "sent_ns", "done_ns") == [(0, 0, 30), (0, 20, 30)]
    assert in_ms(run, "service_start_ns", "service_end_ns") == [(0, 100), (20, 30)]
    assert run.ending.end_ns == 100 * MS


def test_an_early_answer_needs_no_hedge(told):
    """Answered at the very moment at which it would be asked again, or before: asked once."""
    for after in ("10ms", "20ms"):
        assert ends(told(client={"hedge": {"after": after}})) == ["ok"]


def test_hedges_follow_one_another_until_the_deadline(told):
    """Each 10 ms after the one before, three in all; the whole request is given up at 35 ms."""
    run = told(
        client={"hedge": {"after": "10ms", "attempts": 3}, "timeout": "35ms"},
        **{"behaviours[0].serviceTime": "100ms"},
    )
    assert in_ms(run, "sent_ns", "done_ns") == [(0, 35), (10, 35), (20, 35)]
    assert ends(run) == ["request_timeout"] * 3


def test_a_request_that_fails_before_its_hedge_has_failed(told):
    """A hedge is for answers that are late; a refusal is an answer."""
    run = told(client={"hedge": {"after": "10ms"}}, **{"behaviours[0].appPort": 9090})
    assert ends(run) == ["refused"]


def test_a_hedge_is_no_retry_of_its_own(told):
    """Retries and hedges count together: of three attempts, one was a hedge."""
    client = {"hedge": {"after": "3ms"}, "retries": {"timeout": "4ms", "backoff": AT_ONCE}}
    run = told(client=client)
    assert in_ms(run, "sent_ns", "done_ns") == [(0, 4), (3, 7), (4, 8)]


def test_one_user_thinks_and_waits_in_turn(told):
    """90 ms of thought, 10 ms for the answer: a request each 100 ms, the first at 90 ms."""
    loop = {"closed_loop": {"users": 1, "thinkTime": "90ms"}}
    run = told(client={"arrivals": loop}, requests=3)
    assert in_ms(run, "intended_ns", "done_ns") == [(90, 100), (190, 200), (290, 300)]
    assert run.rows["request"].tolist() == [0, 1, 2]


def test_users_wait_for_one_another_at_the_pod(told):
    """Two users who think alike: the second one waits for the first, and is 10 ms behind ever
    after. User u sends requests u, u + 2, u + 4 ..."""
    loop = {"closed_loop": {"users": 2, "thinkTime": "90ms"}}
    run = told(client={"arrivals": loop}, requests=4)
    assert run.rows["request"].tolist() == [0, 1, 2, 3]
    assert in_ms(run, "intended_ns", "done_ns") == [(90, 100), (90, 110), (190, 200), (200, 210)]


def test_a_user_who_gives_up_thinks_again(told):
    """After 4 ms of waiting in vain, 90 ms of thought."""
    loop = {"closed_loop": {"users": 1, "thinkTime": "90ms"}}
    run = told(client={"arrivals": loop, "timeout": "4ms"}, requests=3)
    assert in_ms(run, "intended_ns", "done_ns") == [(90, 94), (184, 188), (278, 282)]


def test_a_user_keeps_an_address(told):
    """Five users of two addresses: requests u + 6 k, each from the address u mod 2."""
    client = {
        "arrivals": {"closed_loop": {"users": 5, "thinkTime": "90ms"}},
        "addresses": "198.51.100.0/30", "node": None, "url": "http://192.168.1.100:30000/",
    }  # fmt: skip
    run = told(TWO_PODS, client, requests=15)
    assert sorted(set(run.rows["request"] % 6)) == [0, 1, 2, 3, 4]
    assert np.bincount(run.rows["request"] % 6).tolist() == [3] * 5


def test_timers_that_came_and_went(described, play):
    """4,000 timeouts lie ahead at once, then none; then more requests than ever are under way."""
    first = [{"at": "0s", "rate": "5000/s"}, {"at": "800ms", "rate": "1/s"}]
    then = [
        {"at": "0s", "rate": "0/s"}, {"at": "2s", "rate": "1000000/s"},
        {"at": "2003ms", "rate": "1/s"},
    ]  # fmt: skip
    client = {"node": "node-1", "url": "http://10.244.9.9:8080/"}
    clients = [
        client | {"name": "a", "arrivals": {"step": {"steps": first}}, "timeout": "1s"},
        client | {"name": "b", "arrivals": {"step": {"steps": then}}},
    ]
    clients[0]["retries"] = {}
    behaviours = [{"workers": 10, "serviceTime": "1ms"}]
    changes = {"clients": clients, "behaviours": behaviours, "requests": None, "duration": "3s"}
    assert play(described(SPEC, POD, **changes)).outcomes["ok"] > 6000


@pytest.mark.parametrize(("protocol", "connections"), [("HTTP/1.1", 3), ("HTTP/2", 1)])
def test_what_is_given_up_costs_its_connection_or_its_stream(told, protocol, connections):
    """With HTTP/1.1 each attempt that is given up ends its connection; with HTTP/2 they share
    one."""
    run = told(
        client={
            "retries": {"timeout": "4ms", "backoff": AT_ONCE},
            "connections": {"protocol": protocol},
        }
    )  # fmt: skip
    assert len(set(run.rows["connection"])) == connections
    assert run.rows["new_connection"].tolist() == ([1, 1, 1] if connections == 3 else [1, 0, 0])
    assert in_ms(run, "sent_ns", "done_ns") == [(0, 4), (4, 8), (8, 12)]


def test_a_connection_whose_hedge_was_answered_first_is_given_up(told):
    """The loser's HTTP/1.1 connection is closed, though its answer is still to come; the winner's
    carries the next request."""
    run = told(
        TWO_PODS,
        {"hedge": {"after": "20ms"}, "url": "http://192.168.1.1/", "connections": {}},
        loadBalancers=EDGE, speeds={"pods": {"web-2": 0.1}}, requests=2,
    )  # fmt: skip
    assert ends(run) == ["cancelled", "ok", "cancelled", "ok"]
    first, second = run.rows["connection"][:2].tolist()
    assert first != second
    assert run.rows["connection"][2] == second
    assert run.rows["connection"][3] not in (first, second)
