"""What holds for whole runs: repeatable to the byte, fair as promised, and in tune with theory."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy import stats

import emu
from emu.analysis.little import little
from emu.recorder.rows import ABSENT

S = 1_000_000_000
NODEPORT = Path(__file__).parents[2] / "scenarios" / "nodeport.yaml"
SHORT = {"spec.duration": "15s", "spec.warmup": "2s", "spec.record.hops": "10%"}
REPEATABLE = ["requests.parquet", "hops.parquet", "metrics.parquet", "events.parquet",
              "summary.json", "scenario.yaml"]  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The reference scenario run twice with seed 3 and once with seed 4."""
    made = []
    for name, seed in (("first", 3), ("second", 3), ("other", 4)):
        folder = tmp_path_factory.mktemp(name)
        made.append(emu.run(NODEPORT, seed, SHORT, out=folder))
    return made


@pytest.mark.parametrize("file", REPEATABLE)
def test_one_seed_gives_the_same_bytes(runs, file):
    """Two runs of one scenario with one seed leave equal files."""
    first, second, _ = ((run.path / file).read_bytes() for run in runs)
    assert first == second
    assert len(first) > 100


def test_another_seed_gives_another_run(runs):
    """Under another seed the arrivals and service times are others."""
    first, _, other = (run.requests for run in runs)
    assert first.num_rows > 3000
    for column in ("intended_ns", "service_end_ns", "masquerade_port"):
        assert first[column].to_pylist()[:50] != other[column].to_pylist()[:50]


def column(run, name):
    """A column of the requests in the order of their numbers, null as ABSENT."""
    table = run.requests.sort_by("request")
    return pc.fill_null(table[name], ABSENT).to_numpy()


def test_common_random_numbers(runs, tmp_path):
    """Under another strategy the same requests come at the same times with the same demands."""
    overrides = SHORT | {"spec.loadBalancers[0].strategy": "random"}
    other = emu.run(NODEPORT, 3, overrides, out=tmp_path)
    one = runs[0]
    assert (column(one, "intended_ns") == column(other, "intended_ns")).all()
    assert one.requests["node"].to_pylist() != other.requests["node"].to_pylist()
    served = [column(run, "service_end_ns") - column(run, "service_start_ns")
              for run in (one, other)]  # fmt: skip
    both = (column(one, "service_end_ns") >= 0) & (column(other, "service_end_ns") >= 0)
    assert both.sum() > 3000
    assert (served[0][both] == served[1][both]).all()


def test_round_robin_gives_every_node_the_same(runs):
    """Two nodes' counts differ by one at most."""
    counts = pc.value_counts(runs[0].requests["node"]).to_pylist()
    first, second = (found["counts"] for found in counts if found["values"])
    assert abs(first - second) <= 1


@pytest.mark.parametrize(("start", "end"), [
    ("intended_ns", "done_ns"),
    ("pod_ns", "service_start_ns"),
    ("service_start_ns", "service_end_ns"),
    ("lb_ns", "lb_response_ns"),
])  # fmt: skip
def test_littles_law_on_a_run(runs, start, end):
    """L = lambda W for the whole path, the queues, the workers and the load balancer."""
    law = little(runs[0].path, start, end)
    assert law.mean_number == pytest.approx(law.rate * law.mean_seconds, rel=0.03)
    assert law.mean_number > 0.05


PODS = """
seed: 11
{end}
dns: {{example.com: [192.168.1.1]}}
nodePools: [{{name: node, nodes: 3}}]
record: {{interval: 100ms}}
behaviours: [{{workers: 2, backlog: 6, serviceTime: {{exponential: {{mean: 20ms}}}}}}]
clients: [{{name: c, url: "http://example.com/", arrivals: {{poisson: {{rate: {rate}/s}}}}}}]
"""
SIX = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 6
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""


@pytest.fixture(scope="module")
def busy(described, play):
    """A run of ten seconds over six Pods that is loaded to 90 % and refuses a little."""
    return play(described(PODS.format(end="duration: 10s", rate=540), SIX))


def test_every_endpoint_has_the_same_chance(busy):
    """iptables mode: each of six endpoints gets 1/6, by chi-square, over the three nodes alike."""
    counts = np.bincount(busy.rows["pod"][busy.rows["pod"] >= 0], minlength=6)
    assert counts.sum() > 5000
    assert stats.chisquare(counts).pvalue > 1e-4
    pairs = np.histogram2d(busy.rows["node"], busy.rows["pod"], bins=[range(-1, 4), range(-1, 7)])
    assert stats.chi2_contingency(pairs[0][1:, 1:]).pvalue > 1e-4


def test_a_uniform_choice_is_not_too_even(busy):
    """The counts vary as those of independent choices: they are not dealt out in turn."""
    order = busy.rows[np.argsort(busy.rows["node_ns"])]["pod"]
    repeats = np.count_nonzero(order[1:] == order[:-1])
    low, high = stats.binom.interval(0.9999, len(order) - 1, 1 / 6)
    assert low <= repeats <= high


def integral(starts, ends, end):
    """Mean number between two moments over the run, by integrating the state over time."""
    begun = starts != ABSENT
    times = np.concatenate([starts[begun], np.where(ends == ABSENT, end, ends)[begun]])
    steps = np.repeat([1, -1], np.count_nonzero(begun))
    order = np.argsort(times, kind="stable")
    number = np.cumsum(steps[order])
    return float((number[:-1] * np.diff(times[order])).sum() / end)


@pytest.mark.parametrize("pod", range(6))
@pytest.mark.parametrize(("start", "end"), [
    ("pod_ns", "service_start_ns"), ("service_start_ns", "service_end_ns"),
])  # fmt: skip
def test_littles_law_on_every_pod(busy, pod, start, end):
    """The state of each queue and of its workers, integrated over time, is lambda W."""
    rows = busy.rows[(busy.rows["pod"] == pod) & (busy.rows["service_start_ns"] != ABSENT)]
    gone = rows[rows[end] != ABSENT]
    mean_number = integral(rows[start], rows[end], busy.ending.end_ns)
    rate = len(rows) / busy.ending.end_ns
    assert mean_number == pytest.approx(rate * (gone[end] - gone[start]).mean(), rel=0.05)
    assert mean_number > 0.1


def between(rows, start, end, at):
    """Which requests are between two moments just before this time."""
    begun = (rows[start] != ABSENT) & (rows[start] < at)
    return begun & ((rows[end] == ABSENT) | (rows[end] >= at))


def test_samples_agree_with_the_rows(busy):
    """Every sample of every series is what the rows say of that moment, before its own events.

    No entry of conntrack expires in these ten seconds.
    """
    rows, places = busy.rows, busy.model.places
    pods = {name: number for number, (name, *_) in enumerate(places.pods)}
    nodes = {name: number for number, (name, *_) in enumerate(places.nodes)}
    turned_away = (rows["service_start_ns"] == ABSENT) & (rows["lb_response_ns"] != ABSENT)
    assert 0 < turned_away.sum() < len(rows)
    on_pod = {name: rows["pod"] == number for name, number in pods.items()}
    on_node = {
        name: (rows["node"] == number) & (rows["node_ns"] != ABSENT)
        for name, number in nodes.items()
    }
    expected = {
        "requests_sent": lambda at, _: rows["intended_ns"] < at,
        "requests_in_flight": lambda at, _: between(rows, "intended_ns", "lb_response_ns", at),
        "balancer_in_flight": lambda at, _: between(rows, "lb_ns", "lb_response_ns", at),
        "conntrack_entries": lambda at, name: on_node[name] & (rows["node_ns"] < at),
        "pod_busy": lambda at, name: (
            on_pod[name] & between(rows, "service_start_ns", "service_end_ns", at)
        ),
        "pod_queue": lambda at, name: (
            on_pod[name] & ~turned_away & between(rows, "pod_ns", "service_start_ns", at)
        ),
    }
    samples = [sample for sample in busy.samples if sample[0] < busy.ending.end_ns]
    assert {metric for _, metric, _, _ in samples} == set(expected)
    assert len(samples) > 99 * (3 + 3 + 2 * 6) * 0.9
    for at, metric, name, value in samples:
        assert value == expected[metric](at, name).sum(), (at, metric, name)


@pytest.mark.parametrize(("rate", "seconds"), [(0.02, 100_000), (5, 400), (3000, 1)])
def test_arrivals_come_at_the_rate(described, play, rate, seconds):
    """The number of Poisson arrivals is inside its 99.9 % interval, at low and at high rates."""
    text = PODS.format(end=f"duration: {seconds}s", rate=rate).replace("100ms", "1000s")
    sent = play(described(text, SIX)).ending.sent
    low, high = stats.poisson.interval(0.999, rate * seconds)
    assert low <= sent <= high


def test_constant_arrivals_are_counted_exactly(described, play):
    """k / rate for k = 0, 1, 2 ... before the end: 300/s for 2 s is 600 requests."""
    text = PODS.format(end="duration: 2s", rate=300).replace("poisson", "constant")
    assert play(described(text, SIX)).ending.sent == 600


def test_times_follow_their_distributions(busy):
    """Gaps between requests and service times are those that the scenario asks for."""
    gaps = np.diff(busy.rows["intended_ns"])
    assert stats.kstest(gaps, stats.expon(scale=S / 540).cdf).pvalue > 1e-3
    done = busy.rows[busy.rows["service_end_ns"] != ABSENT]
    served = done["service_end_ns"] - done["service_start_ns"]
    assert stats.kstest(served, stats.expon(scale=S / 50).cdf).pvalue > 1e-3
