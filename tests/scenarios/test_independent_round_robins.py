"""Load balancers that take turns each for itself, against the exact figures of what comes of it.

With m of them before n Pods, what comes to a Pod is the superposition of m Erlang-n streams.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy import integrate, stats

PODS, LOAD = 10, 0.8
SERVICE_NS, WARMUP_NS = 10_000_000, 60_000_000_000


def squared_cv_of_gaps(n, m):
    """Of the gaps in m Erlang-n streams laid over each other.

    A gap exceeds t if that of the stream which began it does, and what is left of the gaps of all
    others does. Source: D. R. Cox and W. L. Smith, "On the superposition of renewal processes",
    Biometrika 41 (1954). Here each stream has gaps of mean 1.
    """

    def longer(t):
        return stats.gamma.sf(t, n, scale=1 / n)

    def left(t):
        return stats.gamma.sf(t, n + 1, scale=1 / n) - t * longer(t)

    def integrand(t):
        return 2 * t * longer(t) * left(t) ** (m - 1)

    second, _ = integrate.quad(integrand, 0, 10, points=[1 / m], limit=500)
    return second * m**2 - 1


def mean_response(n, m, rho):
    """Mean time in a Pod, in mean service times, of m Erlang-n streams and one exponential server.

    The streams are a Markovian arrival process: its phase is how many of them are in each of their
    n stages. With the number in the Pod it is a quasi-birth-death process, solved by logarithmic
    reduction. Source: G. Latouche and V. Ramaswami, "Introduction to matrix analytic methods in
    stochastic modeling", 1999, chapters 6 and 8.
    """
    within, arriving = _arrivals(n, m, rho)
    one = np.eye(len(within))
    down, local, up = one, within - one, arriving
    first_passage = _logarithmic_reduction(down, local, up)
    rate = up @ np.linalg.inv(-(local + up @ first_passage))
    # The empty Pod's balance is that of `within` and of what comes down; all shares sum to 1.
    balance = np.vstack([(within + rate).T, np.linalg.solve(one - rate, np.ones(len(one)))])
    empty = np.linalg.lstsq(balance, np.append(np.zeros(len(one)), 1.0))[0]
    geometric = np.linalg.inv(one - rate)
    present = (empty @ geometric @ rate @ geometric).sum()
    return present / rho


def _arrivals(n, m, rho):
    """Rates between phases, without an arrival and with one."""
    phases = list(_spread(m, n))
    number = {phase: index for index, phase in enumerate(phases)}
    within, arriving = np.zeros((2, len(phases), len(phases)))
    for index, phase in enumerate(phases):
        within[index, index] = -n * rho
        for stage, count in enumerate(phase):
            if count:
                after = list(phase)
                after[stage] -= 1
                after[(stage + 1) % n] += 1
                step = arriving if stage == n - 1 else within
                step[index, number[tuple(after)]] += count * n * rho / m
    return within, arriving


def _spread(m, n) -> Iterator[tuple[int, ...]]:
    """Every way in which m streams can be in n stages."""
    if n == 1:
        yield (m,)
        return
    for here in range(m + 1):
        for others in _spread(m - here, n - 1):
            yield here, *others


def _logarithmic_reduction(down, local, up):
    """The matrix G: in which phase the process is first one level lower."""
    one = np.eye(len(local))
    inverse = np.linalg.inv(-local)
    higher, lower = inverse @ up, inverse @ down
    passage, so_far = lower.copy(), higher.copy()
    while np.abs(1 - passage.sum(1)).max() > 1e-12:
        inverse = np.linalg.inv(one - higher @ lower - lower @ higher)
        higher, lower = inverse @ higher @ higher, inverse @ lower @ lower
        passage = passage + so_far @ lower
        so_far = so_far @ higher
    return passage


def interval(values, batches=30):
    """The 99 % confidence interval of a mean, by batch means."""
    means = [batch.mean() for batch in np.array_split(values, batches)]
    half = stats.t.ppf(0.995, batches - 1) * np.std(means, ddof=1) / batches**0.5
    return np.mean(means) - half, np.mean(means) + half


@pytest.fixture(scope="module")
def run(whole):
    """The scenario with so many load balancers: gaps at the Pods, and times in them, without the
    warm-up, in mean service times."""

    def measured(balancers):
        addresses = [f"192.168.{2 + i // 200}.{1 + i % 200}" for i in range(balancers)]
        listeners = [{"service": "web"}]
        made = whole(
            "independent-round-robins",
            dns={"example.com": addresses},
            loadBalancers=[
                {"name": f"edge-{i}", "address": a, "target": "pod", "listeners": listeners}
                for i, a in enumerate(addresses)
            ],
        )
        assert set(made.summary.outcomes) <= {"ok", "in_flight"}
        names = ["intended_ns", "pod", "pod_ns", "service_end_ns"]
        served = made.requests.select(names).drop_null().sort_by("pod_ns")
        served = served.filter(pc.greater_equal(served["intended_ns"], WARMUP_NS))
        pods, came, went = (served[name].to_numpy() for name in names[1:])
        gaps = [np.diff(came[pods == pod]) for pod in set(pods)]
        assert len(gaps) == PODS
        return np.concatenate(gaps) / SERVICE_NS, (went - came) / SERVICE_NS

    return measured


def test_the_formulas_give_the_known_values():
    """One load balancer: E_n/M/1; one Pod: M/M/1, however many; the more, the more random."""
    for rho, response in {0.5: 1.3246, 0.7: 2.0198, 0.8: 2.9223, 0.9: 5.6603}.items():
        assert mean_response(10, 1, rho) == pytest.approx(response, abs=5e-5)
    assert mean_response(1, 3, 0.8) == pytest.approx(5)
    assert squared_cv_of_gaps(10, 1) == pytest.approx(0.1)
    assert squared_cv_of_gaps(1, 3) == pytest.approx(1)
    figures = [squared_cv_of_gaps(10, m) for m in (1, 2, 4, 16, 250)]
    assert figures == sorted(figures)
    assert figures[-1] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("balancers", "response"), [(1, 2.9223), (4, 3.1607)])
def test_what_comes_to_a_pod_of_few_is_as_calculated(run, balancers, response):
    """The gaps' squared coefficient of variation, and the time in a Pod, exactly as they follow."""
    assert mean_response(PODS, balancers, LOAD) == pytest.approx(response, abs=5e-5)
    gaps, times = run(balancers)
    expected = squared_cv_of_gaps(PODS, balancers)
    assert gaps.var() / gaps.mean() ** 2 == pytest.approx(expected, rel=0.02)
    low, high = interval(times)
    assert low <= response <= high
    assert high - low < 0.15 * response


def test_many_are_as_good_as_random(run):
    """250 load balancers: gaps as of a Poisson stream, times nearly those of M/M/1, 5 services."""
    gaps, times = run(250)
    assert gaps.var() / gaps.mean() ** 2 == pytest.approx(squared_cv_of_gaps(PODS, 250), rel=0.02)
    low, high = interval(times)
    assert low > 4.3
    assert high < 5.2
