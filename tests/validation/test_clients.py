"""Clients that hedge, try again or wait, against the laws that are known exactly.

Straight to Pods on the client's own node, without delays: a response is the queue's alone.
"""

import math

import numpy as np
import pytest
from scipy import stats

from emu.recorder.rows import Outcome

MEAN = 10e6
"""Mean service time in nanoseconds."""

SPEC = """
requests: {requests}
nodePools: [{{name: node, nodes: 1}}]
network: {{internal: 0s, external: 0s, local: 0s}}
record: {{interval: 1h}}
kernel: {{ruleCost: 0s, sysctls: {{net.ipv4.tcp_tw_reuse: 1}}}}
behaviours:
  - {{selector: {{is: bad}}, appPort: 9090}}
  - {{selector: {{}}, workers: {workers}, backlog: 1000000,
     serviceTime: {{exponential: {{mean: 10ms}}}}}}
clients: [{{name: c, node: node-1, url: "http://10.96.0.1:8080/", arrivals: {arrivals}, {client}}}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{port: 8080}]}
"""
POD = """---
apiVersion: v1
kind: Pod
metadata: {{name: web-{number}, labels: {{app: web, is: {kind}}}}}
spec: {{nodeName: node-1, containers: [{{name: web}}]}}
"""


@pytest.fixture(scope="module")
def rows_of(described, play):
    """Runs a client; the rows."""

    def run(requests, arrivals="{poisson: {rate: 100/s}}", client="", workers=1, bad=0):
        kinds = ["good", *["bad"] * bad]
        pods = [POD.format(number=number, kind=kind) for number, kind in enumerate(kinds)]
        spec = SPEC.format(requests=requests, arrivals=arrivals, client=client, workers=workers)
        return play(described(spec, "".join([SERVICE, *pods]))).rows

    return run


def interval(values, batches=30):
    """The 99 % confidence interval of a mean, by batch means."""
    means = [batch.mean() for batch in np.array_split(values, batches)]
    half = stats.t.ppf(0.995, batches - 1) * np.std(means, ddof=1) / batches**0.5
    return np.mean(means) - half, np.mean(means) + half


def hold(values, exact, precision):
    """The interval must hold the exact mean, and be narrow enough to say something."""
    low, high = interval(values)
    assert low <= exact <= high
    assert high - low < precision * exact


@pytest.mark.parametrize("after", [0.2, 0.5, 1.5])
def test_hedging_with_servers_for_all(rows_of, after):
    """Exponential services, one hedge at x: P(T > t) = e^-t before x, e^-(2t - x) after it; a share
    e^-x of the requests is asked twice."""
    requests = 8_000
    rows = rows_of(requests, client=f"hedge: {{after: {after * MEAN:.0f}ns}}", workers=100_000)
    ok = rows[rows["outcome"] == Outcome.OK]
    assert len(ok) == requests
    times = (ok["done_ns"] - ok["intended_ns"]) / MEAN

    def exact(t):
        return 1 - np.where(t < after, np.exp(-t), np.exp(after - 2 * t))

    assert stats.kstest(times, exact).pvalue > 0.005
    hedged = np.count_nonzero(rows["attempt"] == 1)
    assert stats.binomtest(hedged, requests, math.exp(-after)).pvalue > 0.005
    assert set(rows["attempt"]) == {0, 1}


@pytest.mark.parametrize(("bad", "attempts"), [(1, 2), (1, 5), (2, 3)])
def test_attempts_that_fail_independently(rows_of, bad, attempts):
    """Of b + 1 Pods b refuse: an attempt fails with p = b / (b + 1), 1 - p^r of the requests are
    answered, after (1 - p^r) / (1 - p) attempts in the mean."""
    requests, p = 6_000, bad / (bad + 1)
    retries = f"retries: {{attempts: {attempts}, backoff: {{base: 1ms}}}}"
    rows = rows_of(requests, client=retries, workers=100_000, bad=bad)
    answered = np.count_nonzero(rows["outcome"] == Outcome.OK)
    assert stats.binomtest(answered, requests, 1 - p**attempts).pvalue > 0.005
    hold(np.bincount(rows["request"]), (1 - p**attempts) / (1 - p), 0.1)


def repairman(users, ratio):
    """Busy share and mean number at the server of M/M/1//N, think time / service time = ratio.

    The probability of n at the server is in proportion to N! / (N - n)! ratio^-n: L. Kleinrock,
    "Queueing Systems", volume I, 1975, 3.8.
    """
    weights = np.array([math.perm(users, n) * ratio**-n for n in range(users + 1)])
    chances = weights / weights.sum()
    return 1 - chances[0], float(chances @ np.arange(users + 1))


def test_the_repairman_formulas():
    """One user is never in another's way; a great many keep the server busy."""
    assert repairman(1, 4) == pytest.approx((1 / 5, 1 / 5))
    assert repairman(50, 4)[0] == pytest.approx(1)
    busy, there = repairman(5, 4)
    assert (5 - there) / 4 == pytest.approx(busy)  # as many leave as come


def closed_loop(rows_of, users, ratio, requests):
    """Rows of users who think for an exponential time, without the first tenth, in the order of
    their sending."""
    think = f"{{exponential: {{mean: {ratio * 10}ms}}}}"
    arrivals = f"{{closed_loop: {{users: {users}, thinkTime: {think}}}}}"
    rows = rows_of(requests, arrivals)
    assert (rows["outcome"] == Outcome.OK).all()
    return np.sort(rows, order="intended_ns")[requests // 10 :]


CASES = [(1, 4, 0.1), (5, 4, 0.1), (20, 10, 0.1)]


@pytest.mark.slow
@pytest.mark.parametrize(("users", "ratio", "precision"), CASES)
def test_users_before_one_server(rows_of, users, ratio, precision):
    """Throughput and response time by the formulas of the machine repairman."""
    rows = closed_loop(rows_of, users, ratio, 100_000)
    busy, there = repairman(users, ratio)
    hold(np.diff(rows["intended_ns"]) / MEAN, 1 / busy, precision)
    hold((rows["done_ns"] - rows["intended_ns"]) / MEAN, there / busy, precision)


def test_the_interactive_response_time_law(rows_of):
    """R = N / X - Z, whatever is distributed how: what a user does not think, they wait."""
    users, ratio = 5, 4
    rows = closed_loop(rows_of, users, ratio, 10_000)
    throughput = (len(rows) - 1) / np.ptp(rows["intended_ns"]) * MEAN
    response = ((rows["done_ns"] - rows["intended_ns"]) / MEAN).mean()
    # Thoughts are drawn: their mean is within 4.5 standard errors of Z.
    assert abs(users / throughput - ratio - response) < 4.5 * ratio / len(rows) ** 0.5 + 0.01
