"""Pods with a CPU limit: stories worked out by hand, and exact quotas."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.distributions import sample
from emu.hops.quota import PERIOD
from emu.random_streams import SERVICE
from emu.recorder.rows import ABSENT

MS = 1_000_000

SPEC = """
nodePools: [{name: node, nodes: 1, cpu: 64}]
network: {internal: 0s, external: 0s, local: 0s}
requests: 1
behaviours: [{workers: 1, serviceTime: 50ms}]
clients: []
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {nodeName: node-1, containers: [{name: web, resources: {limits: {cpu: LIMIT}}}]}
status: {podIP: 10.244.9.9}
"""


def clients(*arrivals):
    """Clients beside the Pod, each with a rate or a list of times."""
    return [
        {
            "name": f"c{number}",
            "node": "node-1",
            "url": "http://10.244.9.9:8080/",
            "arrivals": {"trace": {"times": its}} if isinstance(its, list) else its,
        }
        for number, its in enumerate(arrivals)
    ]


@pytest.fixture
def limited(described, play):
    """Runs requests that come at these times at a Pod with a limit, by both engines."""

    def run(limit, *times, spec=SPEC, **changes):
        fields = {name.replace("__", "."): value for name, value in changes.items()}
        behaviour = {
            f"behaviours[0].{name}": fields.pop(name)
            for name in ("workers", "serviceTime", "discipline", "backlog", "speed")
            if name in fields
        }
        fields.setdefault("clients", clients(*([time, "1h"] for time in times)))
        fields.setdefault("requests", len(times))
        return play(described(spec, POD.replace("LIMIT", limit), **behaviour, **fields))

    return run


def ends(run):
    """When each request was done, in milliseconds, in the order of the clients."""
    return (run.rows["service_end_ns"] / MS).tolist()


def test_a_job_of_50_ms_at_200m_takes_210(limited):
    """From the edge of a period: 20 ms of each of the first two periods, 10 ms of the third."""
    run = limited("200m", "0s")
    assert ends(run) == [210]
    assert run.ending.busy_ns == {"default/web": 50 * MS}


@pytest.mark.parametrize(
    ("time", "takes"), [("30ms", 180), ("80ms", 130), ("85ms", 130), ("95ms", 210), ("1s", 210)]
)
def test_elsewhere_in_the_period_it_takes_less(limited, time, takes):
    """A period that is not used up is lost: periods begin where they always did, also after
    idling."""
    run = limited("200m", time)
    assert ends(run) == [int(time.rstrip("ms")) * (1 if "ms" in time else 1000) + takes]


def test_threads_burn_the_quota_together(limited):
    """Four at once on a limit of one core: 25 ms each of the first period, then all wait."""
    assert ends(limited("1", *["0s"] * 4, workers=4)) == [125] * 4
    assert ends(limited("1", *["0s"] * 4, workers=4, serviceTime="25ms")) == [25] * 4


def test_one_that_leaves_lets_the_others_run_longer(limited):
    """Three run for 10 ms, and two for 35 ms on the 70 ms that are left; what the last lacks it
    has in the next period."""
    run = limited(
        "1", "0s", "0s", "0s", workers=3, clients=[
            *clients(["0s", "1h"]), clients(["0s", "1h"])[0] | {"name": "d", "classes": [
                {"name": "short", "serviceTime": "10ms"}]},
            clients(["0s", "1h"])[0] | {"name": "e"},
        ],
    )  # fmt: skip
    assert ends(run) == [105, 10, 105]


def test_the_backlog_waits_through_the_throttling(limited):
    """One worker, two at once: the second begins when the first is done, in the third period."""
    run = limited("200m", "0s", "0s")
    assert ends(run) == [210, 420]
    assert run.rows["service_start_ns"].tolist() == [0, 210 * MS]


def test_who_comes_when_the_quota_is_gone_stands_still(limited):
    """It has a worker, and nothing to run on until the next period."""
    run = limited("200m", "0s", "40ms", workers=2, serviceTime="20ms")
    assert ends(run) == [20, 120]
    assert run.rows["service_start_ns"].tolist() == [0, 40 * MS]


def test_under_processor_sharing_the_cores_burn_it(limited):
    """Two cores for four: each at half the rate, the quota of one core gone after 50 ms."""
    run = limited("1", *["0s"] * 4, workers=2, discipline="processor_sharing")
    assert ends(run) == [150] * 4


def test_a_limit_of_as_many_cores_as_workers_is_none(limited):
    """Two workers never use up two cores; the rows are those without a limit."""
    arrivals = clients({"poisson": {"rate": "30/s"}})
    runs = [limited(cores, workers=2, clients=arrivals, requests=200) for cores in ("2", "64")]
    assert (runs[0].rows == runs[1].rows).all()
    assert runs[0].ending.busy_ns == {}
    assert "pod_throttled_ns" not in {metric for _, metric, _, _ in runs[0].samples}


def test_throttled_time_is_sampled(limited):
    """Two threads stand still from 50 ms to the end of the period, 50 ms each, and then again."""
    run = limited(
        "1", "0s", "0s", workers=2, serviceTime="100ms", requests=None, duration="1s",
        record__interval="75ms",
    )  # fmt: skip
    found = [(at / MS, value / MS) for at, metric, _, value in run.samples
             if metric == "pod_throttled_ns"]  # fmt: skip
    assert found[:3] == [(75, 50), (150, 100), (225, 100)]
    assert {value for _, value in found[3:]} == {100}


def test_what_is_throttled_at_the_end_is_in_flight(limited):
    """Its service has begun; what it has had of the CPU counts from the end of the warm-up."""
    run = limited("200m", "0s", requests=None, duration="150ms", warmup="10ms")
    assert run.rows["service_end_ns"].tolist() == [ABSENT]
    assert run.ending.busy_ns == {"default/web": 30 * MS}


def test_periods_may_begin_at_a_time_of_their_own(limited):
    """With interleaved periods a job from time 0 meets the end of a period that is the seed's."""
    takes = {
        seed: ends(limited("200m", "0s", kernel__interleavesPeriods=True, seed=seed))[0]
        for seed in range(8)
    }
    assert len(set(takes.values())) > 4
    assert all(130 <= time <= 210 for time in takes.values())


def exact(arrivals, services, workers, quota):
    """When each request is done first come first served, nanosecond by event: a walk of its own.

    Also the CPU time that was used.
    """
    order = sorted(range(len(arrivals)), key=lambda one: (arrivals[one], one))
    now, left, period_end, running, waiting, ends, used = 0, quota, PERIOD, {}, [], {}, 0
    while order or waiting or running:
        busy = len(running)
        steps = [period_end - now]
        if order:
            steps.append(arrivals[order[0]] - now)
        can = left // busy if busy else 0
        if can:
            steps += [can, *running.values()]
        step = min(steps)
        if can:
            running = {one: work - step for one, work in running.items()}
            left, used = left - step * busy, used + step * busy
        now += step
        if now == period_end:
            left, period_end = quota, period_end + PERIOD
        for one in [one for one, work in running.items() if work == 0]:
            ends[one] = now
            del running[one]
        while order and arrivals[order[0]] <= now:
            waiting.append(order.pop(0))
        while waiting and len(running) < workers:
            one = waiting.pop(0)
            running[one] = services[one]
    return ends, used


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**63 - 1),
    workers=st.integers(1, 4),
    requests=st.integers(1, 40),
    limit=st.sampled_from(["1m", "200m", "333m", "1", "1.7", "3"]),
    service=st.sampled_from(
        ["7ns", "20ms", "250ms", "{exponential: {mean: 20ms}}",
         "{pareto: {mean: 20ms, shape: 1.5}}"]
    ),
    rates=st.lists(
        st.sampled_from(["10/s", "33/s", "100/s", "100000000/s"]), min_size=1, max_size=3
    ),
    poisson=st.booleans(),
)  # fmt: skip
def test_ends_are_those_of_exact_quotas(
    limited, seed, workers, requests, limit, service, rates, poisson
):
    """First come first served, every request is done in the very nanosecond in which a walk through
    all events has it done, and the CPU that was used is the sum of the services."""
    process = "poisson" if poisson else "constant"
    run = limited(
        limit, spec=SPEC.replace("50ms", service), seed=seed, requests=requests, workers=workers,
        clients=clients(*({process: {"rate": rate}} for rate in rates)),
    )  # fmt: skip
    rows, model = run.rows, run.model
    place = model.pods["service_time"][0]
    services = [
        sample(model.network.table, place, seed, SERVICE, request, 0)
        for request in rows["request"].tolist()
    ]
    quota = int(model.quotas[0]) or workers * PERIOD
    found, used = exact(rows["pod_ns"].tolist(), services, workers, quota)
    assert rows["service_end_ns"].tolist() == [found[one] for one in range(len(rows))]
    assert used == sum(services)
    if model.quotas[0]:
        assert run.ending.busy_ns == {"default/web": used}


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**63 - 1),
    workers=st.integers(1, 4),
    limit=st.sampled_from(["10m", "333m", "1", "3"]),
    rate=st.sampled_from(["10/s", "100/s", "100000000/s"]),
)
def test_shared_cores_burn_what_requests_ask(limited, seed, workers, limit, rate):
    """Under processor sharing with a limit the CPU that was used is the sum of the services, but
    for rounding, and in no stretch of the run is more used than its periods have."""
    run = limited(
        limit, spec=SPEC.replace("50ms", "{exponential: {mean: 20ms}}"), seed=seed, requests=40,
        workers=workers, discipline="processor_sharing",
        clients=clients({"poisson": {"rate": rate}}),
    )  # fmt: skip
    rows, model = run.rows, run.model
    place = model.pods["service_time"][0]
    asked = sum(
        sample(model.network.table, place, seed, SERVICE, request, 0)
        for request in rows["request"].tolist()
    )
    if not model.quotas[0]:
        return
    used = run.ending.busy_ns["default/web"]
    assert 0 <= used - asked <= 2 * workers * len(rows)
    first, last = int(rows["pod_ns"].min()), int(rows["service_end_ns"].max())
    assert used <= int(model.quotas[0]) * (last // PERIOD - first // PERIOD + 1)
