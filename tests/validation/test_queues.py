"""Queues whose means are known exactly, each run through the whole path.

Every delay but waiting and service is constant, so that client to load balancer to NodePort to Pod
and back is the queue's response time and a constant, which is subtracted. The exact mean has to lie
inside the 99 % confidence interval of the run's, by batch means. Seeds are fixed.
"""

from itertools import pairwise
from math import factorial

import numpy as np
import pytest
from scipy import optimize, stats

from emu.recorder.rows import Outcome

MEAN = 10e6
"""Mean service time in nanoseconds."""
NEAR = 4 * 10_000_000
"""The same where the load balancer is at the Pods, and knows at once when they are done."""
PATH = 3 * 10_250_000 + 500_000 + 1_060_000 + 520_000 + 10_250_000
"""From intended to done by the Pod's own node, without waiting and service."""

SPEC = """
seed: {seed}
requests: {requests}
nodePools: [{{name: node, nodes: {pods}}}]
loadBalancers:
  - name: edge
    address: 192.168.1.1
    listeners: [{{service: default/web}}]
    strategy: {strategy}
network: {network}
record: {{interval: 1h}}
behaviours:
  - workers: {workers}
    backlog: 1000000
    serviceTime: {service}
    discipline: {discipline}
clients:
  - {{name: c, addresses: 198.51.100.0/24, url: "http://192.168.1.1/",
     arrivals: {{poisson: {{rate: {rate}/s}}}}}}
kernel: {{sysctls: {{net.ipv4.tcp_tw_reuse: 1}}}}
"""
ONE_POD_A_NODE = """
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector: {{app: web}}
  ports: [{{port: 8080}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {pods}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web}}]}}
"""
"""Under the policy Local the load balancer's choice of a node decides on the Pod."""

EXPONENTIAL = "{exponential: {mean: 10ms}}"


@pytest.fixture(scope="module")
def queue(described, play):
    """Runs a queue at a load; its rows without the first tenth, in order of the requests."""

    def run(rho, workers=1, pods=1, service=EXPONENTIAL, strategy="round_robin", requests=200_000,
            seed=1, network="{}", discipline="fifo"):  # fmt: skip
        text = SPEC.format(
            seed=seed, requests=requests, pods=pods, workers=workers, service=service,
            strategy=strategy, network=network, discipline=discipline,
            rate=rho * workers * pods * 1e9 / MEAN,
        )  # fmt: skip
        rows = play(described(text, ONE_POD_A_NODE.format(pods=pods))).rows
        assert (rows["outcome"] == Outcome.OK).all()
        assert len(rows) == requests
        return rows[requests // 10 :]

    return run


def interval(values, batches=30):
    """The 99 % confidence interval of a mean, by batch means."""
    means = [batch.mean() for batch in np.array_split(values, batches)]
    half = stats.t.ppf(0.995, batches - 1) * np.std(means, ddof=1) / batches**0.5
    return np.mean(means) - half, np.mean(means) + half


def responses(rows, path=PATH):
    """Response times of the queue, in mean service times."""
    return (rows["done_ns"] - rows["intended_ns"] - path) / MEAN


def hold(values, exact, precision):
    """The interval must hold the exact mean, and be narrow enough to say something."""
    low, high = interval(values)
    assert low <= exact <= high
    assert high - low < precision * exact


def erlang_c(servers, rho):
    """The probability of having to wait in M/M/c, from Erlang's C formula."""
    load = servers * rho
    last = load**servers / factorial(servers) / (1 - rho)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


def mmc_response(servers, rho):
    """Mean response of M/M/c in mean service times."""
    return 1 + erlang_c(servers, rho) / (servers * (1 - rho))


def mg1_response(rho, squared_cv):
    """Mean response of M/G/1 in mean service times: Pollaczek and Khinchine."""
    return 1 + rho * (1 + squared_cv) / (2 * (1 - rho))


def erlang_arrivals_response(n, rho):
    """Mean response of E_n/M/1 in mean service times.

    Round robin over n servers gives each every n-th of the Poisson arrivals. An arrival meets k
    customers with probability (1 - s) s^k, where s = (n rho / (n rho + 1 - s))^n.
    """
    sigma = optimize.brentq(
        lambda s: (n * rho / (n * rho + 1 - s)) ** n - s, 0, 1 - 1e-9, xtol=1e-14
    )
    return 1 / (1 - sigma)


def test_the_formulas_give_the_known_values():
    """The exact means that are published, computed here by the formulas used below."""
    assert [erlang_c(1, 0.5), mmc_response(1, 0.9)] == pytest.approx([0.5, 10])
    assert [erlang_c(4, 0.9), mmc_response(4, 0.9)] == pytest.approx([0.7878, 2.9694], abs=5e-5)
    assert [mg1_response(rho, 0) for rho in (0.5, 0.7, 0.8)] == pytest.approx(
        [1.5, 2.1667, 3], abs=5e-5
    )
    assert mg1_response(0.6, 1) == pytest.approx(mmc_response(1, 0.6))
    known = {0.5: 1.3246, 0.7: 2.0198, 0.8: 2.9223, 0.9: 5.6603}
    for rho, response in known.items():
        assert erlang_arrivals_response(10, rho) == pytest.approx(response, abs=5e-5)
    assert erlang_arrivals_response(1, 0.7) == pytest.approx(mmc_response(1, 0.7))


def test_mm1_at_half_load(queue):
    """M/M/1 at 0.5: a mean response of 2 services, half of the requests wait, half is busy."""
    rows = queue(0.5, requests=60_000)
    hold(responses(rows), 2.0, 0.1)
    hold(rows["service_start_ns"] > rows["pod_ns"], 0.5, 0.1)
    busy = (rows["service_end_ns"] - rows["service_start_ns"]).sum()
    assert busy / np.ptp(rows["pod_ns"]) == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "rho", "precision"), [(1, 0.5, 0.05), (1, 0.8, 0.1), (4, 0.7, 0.05), (4, 0.9, 0.2)]
)
def test_mmc(queue, workers, rho, precision):
    """M/M/c: mean response and the share that has to wait, by Erlang's C."""
    rows = queue(rho, workers)
    hold(responses(rows), mmc_response(workers, rho), precision)
    hold(rows["service_start_ns"] > rows["pod_ns"], erlang_c(workers, rho), precision)


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_md1(queue, rho):
    """M/D/1: half of the wait of M/M/1, by Pollaczek and Khinchine."""
    rows = queue(rho, service="10ms")
    hold(responses(rows), mg1_response(rho, 0), 0.1)


@pytest.mark.slow
def test_mg1_with_a_heavy_tail(queue):
    """M/G/1 with lognormal services of cv 2: waits grow with the second moment."""
    rows = queue(0.6, service="{lognormal: {mean: 10ms, cv: 2}}")
    hold(responses(rows), mg1_response(0.6, 4), 0.25)


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.5, 0.7, 0.8])
def test_round_robin_over_ten_pods(queue, rho):
    """Each of ten Pods gets every tenth request: E_10/M/1, well below M/M/1."""
    rows = queue(rho, pods=10)
    assert np.bincount(rows["pod"]).tolist() == [len(rows) / 10] * 10
    hold(responses(rows), erlang_arrivals_response(10, rho), 0.1)
    assert responses(rows).mean() < 0.75 * mmc_response(1, rho)


@pytest.mark.slow
def test_random_over_ten_pods(queue):
    """A random choice splits Poisson arrivals into Poisson arrivals: each Pod is an M/M/1."""
    rows = queue(0.7, pods=10, strategy="random")
    hold(responses(rows), mmc_response(1, 0.7), 0.1)


@pytest.mark.slow
def test_least_connections_beats_the_others(queue):
    """Looking at the state, responses are below round robin's, above those of one shared queue."""
    least = responses(queue(0.8, pods=10, strategy="least_connections"))
    low, high = interval(least)
    assert high < erlang_arrivals_response(10, 0.8)
    assert low > mmc_response(10, 0.8)


@pytest.fixture(scope="module")
def sharing(queue):
    """Runs a queue under processor sharing, where nobody waits before the service begins."""

    def run(rho, workers=1, **options):
        rows = queue(rho, workers, discipline="processor_sharing", **options)
        assert (rows["service_start_ns"] == rows["pod_ns"]).all()
        return rows

    return run


def test_mm1_with_processor_sharing_at_half_load(sharing):
    """M/M/1-PS at 0.5: the mean response of M/M/1, 2 services."""
    rows = sharing(0.5, requests=60_000)
    hold(responses(rows), 2.0, 0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "rho", "precision"), [(1, 0.5, 0.05), (1, 0.8, 0.2), (4, 0.7, 0.05), (4, 0.9, 0.3)]
)
def test_mmc_with_processor_sharing(sharing, workers, rho, precision):
    """M/M/c-PS: how many are there does not depend on who is served, so neither does the mean."""
    hold(responses(sharing(rho, workers)), mmc_response(workers, rho), precision)


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.5, 0.7])
@pytest.mark.parametrize(
    "service", ["10ms", "{lognormal: {mean: 10ms, cv: 2}}", "{weibull: {mean: 10ms, shape: 0.5}}"]
)
def test_processor_sharing_does_not_depend_on_the_distribution(sharing, rho, service):
    """M/G/1-PS: 1 / (1 - rho) for constant services and for heavy tails alike."""
    hold(responses(sharing(rho, service=service)), 1 / (1 - rho), 0.2)


@pytest.mark.slow
@pytest.mark.parametrize("service", [EXPONENTIAL, "{lognormal: {mean: 10ms, cv: 2}}"])
def test_processor_sharing_is_fair(queue, sharing, service):
    """A request of size x takes x / (1 - rho) in the mean, whatever x: the fifth of the shortest
    requests, the fifth of the longest, and those between. Their sizes are as under FIFO."""
    alone = queue(0.7, service=service)
    sizes = (alone["service_end_ns"] - alone["service_start_ns"]) / MEAN
    slowed = responses(sharing(0.7, service=service)) - sizes / 0.3
    for shortest, longest in pairwise(np.quantile(sizes, [0, 0.2, 0.4, 0.6, 0.8, 1])):
        fifth = (shortest <= sizes) & (sizes <= longest)
        low, high = interval(slowed[fifth])
        assert low <= 0 <= high
        assert high - low < 0.2 * sizes[fifth].mean() / 0.3


def choices_response(d, rho):
    """Mean response of d choices among infinitely many M/M/1 queues, in mean service times."""
    return sum(rho ** ((d**i - d) / (d - 1)) for i in range(1, 60) if d**i < 1e6)


@pytest.fixture(scope="module")
def balanced(queue):
    """Response times of Pods under a strategy that knows their loads at once."""

    def run(strategy, rho, pods=100, **options):
        rows = queue(
            rho, pods=pods, strategy=strategy, network="{internal: 0s, local: 0s}", **options
        )
        return responses(rows, NEAR)

    return run


def test_the_limit_of_d_choices():
    """The published means for infinitely many queues."""
    known = {0.5: 1.2657, 0.7: 1.6145, 0.8: 1.9474, 0.9: 2.6141, 0.95: 3.3830}
    for rho, response in known.items():
        assert choices_response(2, rho) == pytest.approx(response, abs=5e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("rho", "hundred"), [(0.7, 1.6202), (0.9, 2.6454)])
def test_two_choices_of_a_hundred(balanced, rho, hundred):
    """Drawn with replacement, 100 queues are as far above the limit as Mitzenmacher's simulations
    of them, "The power of two choices in randomized load balancing"."""
    strategy = "{power_of_d_choices: {d: 2, replacement: true}}"
    hold(balanced(strategy, rho, requests=400_000), hundred, 0.05)


@pytest.mark.slow
def test_two_choices_of_few(balanced):
    """Of four queues, two different ones are better than two that may be the same."""
    strategy = "{{power_of_d_choices: {{replacement: {}}}}}"
    without, with_replacement = (
        interval(balanced(strategy.format(replacement), 0.7, pods=4))
        for replacement in ("false", "true")
    )
    assert without[1] < with_replacement[0]


@pytest.mark.slow
def test_the_more_is_known_the_shorter_are_responses(balanced):
    """JSQ < JIQ < d = 2 < random, of the same requests; Envoy's least request is two choices with
    replacement."""
    jsq, jiq, two, envoy, random = (
        balanced(strategy, 0.9)
        for strategy in (
            "least_connections", "join_idle_queue", "power_of_d_choices", "least_request", "random",
        )
    )  # fmt: skip
    for better, worse in ((jsq, jiq), (jiq, two), (two, random)):
        assert interval(worse - better)[0] > 0
    hold(envoy, 2.6454, 0.1)
