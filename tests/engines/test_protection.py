"""Overload protection: limits and outlier detection at a load balancer, shedding at a Pod."""

import numpy as np
import pytest

from emu.recorder.rows import ABSENT, Outcome

MS, S = 1_000_000, 1_000_000_000
SHED = Outcome.SHED

SPEC = """
duration: 2s
network: {external: 0s, internal: 0s, local: 0s}
nodePools: [{name: node, nodes: 2}]
loadBalancers:
  - name: edge
    address: 192.168.1.1
    target: pod
    listeners: [{service: default/web}]
behaviours: [{serviceTime: 1ms}]
clients:
  - {name: c, url: "http://192.168.1.1/", arrivals: {constant: {rate: 100/s}}}
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
metadata: {{name: web-{number}, labels: {{app: web, number: "{number}"}}}}
spec: {{nodeName: node-{number}, containers: [{{name: web}}]}}
status: {{podIP: 10.244.0.{number}}}
"""
    for number in (1, 2)
)
KEPT = {
    "clients[0].connections": {"maxConnections": 3},
    "loadBalancers[0].connections": {"maxConnections": 4},
}


@pytest.fixture(params=[False, True], ids=["plain", "kept"])
def protected(request, described, play):
    """Runs the scenario with changes, over connections for each request, and over kept ones."""

    def run(**changes):
        changes = {path.replace("__", "[0]."): value for path, value in changes.items()}
        kept = KEPT if request.param else {}
        return play(described(SPEC, OBJECTS, **(kept | changes)))

    return run


def test_a_token_bucket_lets_its_burst_through_and_then_its_rate(protected):
    """At 100/s over a bucket of 10 that fills with 50/s: 10 + 50 t of the 100 t are served."""
    run = protected(loadBalancers__rateLimit={"rate": "50/s", "burst": 10})
    shed = run.rows["outcome"] == SHED
    assert run.outcomes == {"ok": 109, "shed": 91}
    assert np.flatnonzero(shed)[0] == 19  # at t = 190 ms there are 10 + 9.5 - 19 = 0.5 tokens
    assert (run.rows["pod"][shed] == ABSENT).all()
    assert (run.rows["lb_response_ns"] == run.rows["lb_ns"])[shed].all()


def test_a_rate_that_is_just_kept_sheds_nothing(protected):
    """A bucket of one token that fills as fast as requests come lets each of them through."""
    assert protected(loadBalancers__rateLimit={"rate": "100/s", "burst": 1}).outcomes == {"ok": 200}


@pytest.mark.parametrize(
    ("breaker", "most"), [({"maxRequests": 3}, 3), ({"maxRequestsPerBackend": 2}, 4)]
)
def test_no_more_requests_are_in_flight_than_a_circuit_breaker_allows(protected, breaker, most):
    """Of an overload as many are in flight as may be, always, and the rest is shed at once."""
    run = protected(
        loadBalancers__circuitBreaker=breaker, behaviours__serviceTime="100ms",
        **{"clients[0].connections": None},
    )  # fmt: skip
    rows = run.rows[run.rows["outcome"] != SHED]
    moments = np.unique(rows["lb_ns"])
    ended = np.where(rows["lb_response_ns"] == ABSENT, 3 * S, rows["lb_response_ns"])
    there = [((rows["lb_ns"] <= at) & (at < ended)).sum() for at in moments]
    assert max(there) == most
    assert run.outcomes["shed"] > 100


def test_a_request_that_has_waited_too_long_is_shed_when_its_turn_comes(protected):
    """One worker of 100 ms for 100/s: whoever is served has waited 50 ms at most."""
    run = protected(
        behaviours=[{"serviceTime": "100ms", "queueTimeout": "50ms"}],
        **{"loadBalancers[0].connections": None, "clients[0].connections": None},
    )
    rows = run.rows
    shed, served = rows["outcome"] == SHED, rows["outcome"] == Outcome.OK
    assert (rows["service_start_ns"] - rows["pod_ns"])[served].max() <= 50 * MS
    assert (rows["service_end_ns"] - rows["pod_ns"])[shed].min() > 50 * MS
    assert (rows["service_start_ns"][shed] == ABSENT).all()
    starts = np.sort(rows["service_start_ns"][rows["pod"] == 0])
    assert set(np.diff(starts[starts != ABSENT])) == {100 * MS}, "the worker is never idle"
    assert shed.sum() > 100


def test_a_shed_request_is_answered_at_its_turn_by_hand(described, play):
    """Three requests at once of one worker of 100 ms: the second waits 50 ms too long."""
    spec = SPEC.replace("duration: 2s", "requests: 3").replace("rate: 100/s", "rate: 20/s")
    changes = {"behaviours": [{"serviceTime": "100ms", "queueTimeout": "49ms"}]}
    one_pod = OBJECTS[: OBJECTS.rindex("---")]
    rows = play(described(spec, one_pod, **changes)).rows
    assert rows["outcome"].tolist() == [Outcome.OK, SHED, Outcome.OK]
    assert rows["pod_ns"].tolist() == [0, 50 * MS, 100 * MS]
    assert rows["service_end_ns"].tolist() == [100 * MS, 100 * MS, 200 * MS]
    assert rows["done_ns"].tolist() == rows["service_end_ns"].tolist()
    assert rows["response_bytes"].tolist() == [2048, ABSENT, 2048]


@pytest.mark.parametrize("retried", [False, True])
def test_a_pod_that_heeds_deadlines_serves_nobody_who_is_gone(protected, retried):
    """A service begins before the deadline of its attempt, the client's or that of its retries."""
    retries = {"clients__retries": {"timeout": "150ms", "backoff": {"base": "10ms"}}}
    run = protected(
        behaviours=[{"serviceTime": "30ms", "heedsDeadlines": True}],
        clients__timeout="200ms", **(retries if retried else {}),
    )  # fmt: skip
    rows = run.rows
    begun = rows[rows["service_start_ns"] != ABSENT]
    waited = begun["service_start_ns"] - (begun["sent_ns"] if retried else begun["intended_ns"])
    assert waited.max() < (150 if retried else 200) * MS
    stale = rows[(rows["service_start_ns"] == ABSENT) & (rows["service_end_ns"] != ABSENT)]
    assert len(stale) > 20
    assert set(stale["outcome"]) <= {Outcome.REQUEST_TIMEOUT, SHED, Outcome.CANCELLED}


FAILING = {
    "duration": "36050ms",
    "behaviours": [
        {"selector": {"number": "1"}, "appPort": 9999}, {"serviceTime": "1ms"},
    ],
    "loadBalancers[0].outlierDetection": {"interval": "2s", "baseEjectionTime": "3s"},
}  # fmt: skip


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_a_backend_that_fails_is_ejected_for_longer_each_time(described, play, mode):
    """Five refusals in a row eject it at once, for 3 s, 6 s, 9 s; it returns at a look, each 2 s.

    Round robin over two at 100/s gives the bad Pod a request each 20 ms, the first at 0 ms.
    """
    changes = FAILING | {"loadBalancers[0].mode": mode}
    run = play(described(SPEC, OBJECTS, **changes))
    happened = [(at // MS, kind, detail) for at, kind, _, _, detail in run.events]
    assert [kind for _, kind, _ in happened] == ["backend_ejected", "backend_returned"] * 4
    assert happened[0] == (80, "backend_ejected", "default/web-1 for 3s")
    assert happened[1] == (4000, "backend_returned", "default/web-1")
    assert [detail for _, _, detail in happened[2::2]] == [
        "default/web-1 for 6s", "default/web-1 for 9s", "default/web-1 for 12s",
    ]  # fmt: skip
    assert [at for at, _, _ in happened[1::2]] == [4000, 12000, 22000, 36000]
    away = (run.rows["lb_ns"] > 80 * MS) & (run.rows["lb_ns"] < 4 * S)
    assert set(run.rows["outcome"][away]) == {Outcome.OK}


def test_one_backend_may_always_be_ejected_and_no_more_than_the_share(described, play):
    """Where both Pods fail and half may be ejected, one is and the other goes on failing."""
    changes = FAILING | {
        "behaviours": [{"appPort": 9999}],
        "loadBalancers[0].outlierDetection": {"maxEjectionPercent": "50%"},
    }
    run = play(described(SPEC, OBJECTS, **changes))
    ejected = [detail for _, kind, _, _, detail in run.events if kind == "backend_ejected"]
    assert len(ejected) <= 2
    assert set(run.outcomes) == {"refused"}


def test_an_answer_between_errors_begins_the_count_anew(described, play):
    """A Pod that refuses some requests, never five in a row, is not ejected."""
    changes = {
        "behaviours": [{"serviceTime": "30ms", "backlog": 0}],
        "loadBalancers[0].outlierDetection": {},
    }
    run = play(described(SPEC, OBJECTS, **changes))
    assert run.outcomes["ok"] > 50 < run.outcomes["backlog_full"]
    assert run.events == []
