"""Pods whose workers are shared: small stories worked out by hand, and exact processor sharing."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.distributions import sample
from emu.hops.sharing import FRACTION
from emu.random_streams import SERVICE
from emu.recorder.rows import ABSENT, Outcome

MS = 1_000_000

SPEC = """
nodePools: [{name: node, nodes: 1}]
network: {internal: 0s, external: 0s, local: 0s}
requests: 2
behaviours: [{discipline: processor_sharing, workers: 1, serviceTime: 20ms}]
clients: []
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {nodeName: node-1, containers: [{name: web}]}
status: {podIP: 10.244.9.9}
"""


def clients(*rates):
    """Clients beside the Pod, the first request of each at time 0."""
    return [
        {
            "name": f"c{number}",
            "node": "node-1",
            "url": "http://10.244.9.9:8080/",
            "arrivals": rate if isinstance(rate, dict) else {"constant": {"rate": rate}},
        }
        for number, rate in enumerate(rates)
    ]


@pytest.fixture
def ends(described, play):
    """Runs requests at one Pod; when each is done, in milliseconds."""

    def run(*rates, requests, **behaviour):
        changes = {f"behaviours[0].{name}": value for name, value in behaviour.items()}
        made = described(SPEC, POD, clients=clients(*rates), requests=requests, **changes)
        rows = play(made).rows
        assert (rows["service_start_ns"] == rows["pod_ns"]).all()
        return (rows["service_end_ns"] / MS).tolist()

    return run


def test_a_request_alone_has_a_core(ends):
    """Nobody else there: it is served for its service time, and the next one too."""
    assert ends("10/s", requests=2) == [20, 120]


def test_two_share_a_core(ends):
    """The second comes when the first has half of its service: both go at half the rate, and when
    the first has left, the second has the core for itself."""
    assert ends("100/s", requests=2) == [30, 40]


def test_three_on_two_cores(ends):
    """Each of three has two thirds of a core, and no more than one when the cores are enough."""
    assert ends("1/s", "1/s", "1/s", requests=3, workers=2) == [30, 30, 30]
    assert ends("100/s", "1/s", requests=3, workers=2) == [25, 25, 35]


def test_a_stream_of_three(ends):
    """At 0, 10 and 20 ms: one core goes to 1, 2, 3, 2 and 1 of them in turn."""
    assert ends("100/s", requests=3) == [35, 55, 60]


def test_speed_divides_the_service(ends):
    """A Pod of half the speed takes twice as long; sharing goes on as before."""
    assert ends("100/s", requests=2, speed=0.5) == [70, 80]


def test_many_at_once_leave_at_once(ends):
    """A hundred that come together are done together, a hundred services later."""
    assert ends(*["1/s"] * 100, requests=100) == [2000] * 100


def test_beyond_workers_and_backlog_is_refused(described, play):
    """Two cores and room for one more: of five at once three are in service, two are refused."""
    made = described(
        SPEC, POD, clients=clients(*["1/s"] * 5), requests=5,
        **{"behaviours[0].workers": 2, "behaviours[0].backlog": 1},
    )  # fmt: skip
    rows = play(made).rows
    assert [Outcome(int(outcome)).name for outcome in rows["outcome"]] == (
        ["OK"] * 3 + ["BACKLOG_FULL"] * 2
    )
    assert rows["queue_length"].tolist() == [0, 0, 0, 1, 1]
    assert (rows["service_end_ns"][:3] == 30 * MS).all()
    assert (rows["service_start_ns"][3:] == ABSENT).all()


def test_what_is_in_service_at_the_end_is_in_flight(described, play):
    """Cut off, a request has begun its service and not ended it; the work until then counts."""
    made = described(
        SPEC, POD, clients=clients("100/s", "1/s"), requests=None, duration="30ms",
        **{"behaviours[0].workers": 2}, warmup="5ms",
    )  # fmt: skip
    run = play(made)
    assert run.rows["service_end_ns"].tolist() == [26_666_667, 26_666_667, ABSENT, ABSENT]
    assert run.rows["service_start_ns"].tolist() == [0, 0, 10 * MS, 20 * MS]
    assert run.ending.busy_ns == {"default/web": 2 * 25 * MS}


def exact(arrivals, services, workers):
    """When each request is done under processor sharing, as fractions; and by how much later it may
    be in a run: for each coming and leaving since its own, virtual time is rounded down, and who
    leaves does so at a whole nanosecond."""
    left = {}
    now, ends, met = Fraction(0), {}, {}
    order = sorted(range(len(arrivals)), key=lambda one: (arrivals[one], one))
    while order or left:
        rate = min(Fraction(1), Fraction(workers, len(left))) if left else Fraction(1)
        done = now + min(left.values()) / rate if left else None
        coming = order and (done is None or arrivals[order[0]] < done)
        then = Fraction(arrivals[order[0]]) if coming else done
        left = {one: work - (then - now) * rate for one, work in left.items()}
        now = then
        for one in met:
            met[one] += 1
        if coming:
            left[order[0]] = Fraction(services[order[0]])
            met[order[0]] = 1
            order.pop(0)
        for one in [one for one, work in left.items() if work <= 0]:
            del left[one]
            ends[one] = now
    most = (1 + Fraction(1, 2**FRACTION)) * max(1, Fraction(len(arrivals), workers))
    return ends, {one: 1 + count * most for one, count in met.items()}


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**63 - 1),
    workers=st.integers(1, 3),
    requests=st.integers(1, 40),
    service=st.sampled_from(
        ["1ns", "7ns", "20ms", "{exponential: {mean: 20ms}}", "{pareto: {mean: 20ms, shape: 1.5}}",
         "{uniform: {low: 0ns, high: 9ns}}"]
    ),
    rates=st.lists(st.sampled_from(["20/s", "100/s", "100000000/s"]), min_size=1, max_size=3),
    poisson=st.booleans(),
    speed=st.sampled_from([1, 0.3]),
)  # fmt: skip
def test_ends_are_those_of_exact_sharing(
    described, play, seed, workers, requests, service, rates, poisson, speed
):
    """Whatever comes, no request is done before exact processor sharing has it done, and none
    later than what rounding adds; the workers were busy for the work, and a little more."""
    process = "poisson" if poisson else "constant"
    made = described(
        SPEC.replace("20ms", service), POD, seed=seed, requests=requests,
        clients=clients(*({process: {"rate": rate}} for rate in rates)),
        **{"behaviours[0].workers": workers, "behaviours[0].speed": speed},
    )  # fmt: skip
    run = play(made)
    rows, model = run.rows, run.model
    place = model.pods["service_time"][0]
    services = [
        int(sample(model.network.table, place, seed, SERVICE, request, 0) / speed + 0.5)
        for request in rows["request"]
    ]
    ends, most = exact(rows["pod_ns"].tolist(), services, workers)
    late = [int(end) - ends[one] for one, end in enumerate(rows["service_end_ns"])]
    assert all(one >= 0 for one in late)
    assert [one for one, by in enumerate(late) if by > most[one]] == []
    assert 0 <= run.ending.busy_ns["default/web"] - sum(services) <= 2 * workers * len(rows)
