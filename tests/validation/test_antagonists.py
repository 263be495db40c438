"""Strategies among Pods of different speeds, some with noisy neighbours, over the same requests.

Source of the ordering: B. Wydrowski, R. Kleinberg, S. M. Rumble, A. Archer, "Load is not what you
should balance: Introducing Prequal", NSDI'24, section 5. The runs of one seed meet the same
requests and the same neighbours, so their quotients are compared; the interval is Student's t of
the logarithms over the seeds.
"""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import emu

SCENARIO = Path(__file__).parents[2] / "scenarios" / "prequal.yaml"
SEEDS = range(1, 6)
EDGES = range(8)


@pytest.fixture(scope="module")
def p99s(tmp_path_factory):
    """The p99 of each seed in seconds, with this strategy at every load balancer."""
    out = tmp_path_factory.mktemp("antagonists")
    found = {}

    def measured(strategy, rate="2000/s"):
        if (strategy, rate) not in found:
            changes = {f"spec.loadBalancers[{edge}].strategy": strategy for edge in EDGES}
            changes |= {"spec.log": "summary", "spec.clients[0].arrivals.poisson.rate": rate}
            runs = (emu.run(SCENARIO, seed=seed, overrides=changes, out=out) for seed in SEEDS)
            found[strategy, rate] = np.array([run.summary.latency_seconds.p99 for run in runs])
        return found[strategy, rate]

    return measured


def interval(quotients):
    """The 99 % confidence interval of a quotient's geometric mean."""
    logarithms = np.log(quotients)
    half = stats.t.ppf(0.995, len(quotients) - 1) * logarithms.std(ddof=1) / sqrt(len(quotients))
    return np.exp(logarithms.mean() - half), np.exp(logarithms.mean() + half)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "least"),
    [
        ("round_robin", 30),
        ("weighted_round_robin", 10),
        ("power_of_d_choices", 2),
        ("least_connections", 1.3),
        ("peak_ewma", 1.1),
    ],
)
def test_prequal_has_the_least_p99(p99s, strategy, least):
    """At half of what the Pods could serve without neighbours, so many times less than another."""
    low, _ = interval(p99s(strategy) / p99s("prequal"))
    assert low > least


@pytest.mark.slow
def test_it_holds_with_fewer_requests(p99s):
    """At a third of that load too, where weights that know the speeds do without queues."""
    low, _ = interval(p99s("weighted_round_robin", "700/s") / p99s("prequal", "700/s"))
    assert low > 1
