"""How often the intervals of a run hold the true value: 95 in 100 is what they say.

A thousand runs each, so that a coverage of 95 % is found between 93 and 97 % in 996 cases of a
thousand. Seeds are fixed.
"""

import math

import pytest

from emu.analysis.batch_means import mean_interval, quantile_interval
from emu.analysis.log_linear import together
from tests.laws.emulation import model, totals_of

SEEDS = range(1, 1001)
TOGETHER = 100
"""So many runs are held in memory."""
PERMILLES = {"p50": 500, "p90": 900, "p99": 990}


def covered(of, exact=None):
    """For mean and quantiles how many intervals there are, and the share that holds the true value;
    without an exact one, that of all runs together, which is a thirtieth as uncertain as one's."""
    found, wholes = {name: [] for name in ("mean", *PERMILLES)}, []
    for totals in totals_of(of, SEEDS):
        run = totals.batches.latency
        whole = together(run)
        wholes.append(whole)
        if len(wholes) == TOGETHER:
            wholes = [together(wholes)]
        found["mean"].append(mean_interval(run, 1))
        for name, permille in PERMILLES.items():
            found[name].append(quantile_interval(run, whole, permille, 1))
    return {
        name: shares(found[name], value)
        for name, value in (exact or truth(together(wholes))).items()
    }


def truth(whole):
    """The mean and the quantiles of all values."""
    quantiles = {name: whole.quantile(permille) for name, permille in PERMILLES.items()}
    return {"mean": whole.total / whole.count, **quantiles}


def shares(ends, value):
    """How many of the intervals there are, and the share of them that holds the value."""
    there = [one for one in ends if one.problem is None]
    return len(there), sum(one.low <= value <= one.high for one in there) / len(there)


@pytest.mark.slow
def test_of_one_server_at_four_fifths():
    """M/M/1 at 0.8, 150,000 requests: responses are exponential with mean 5 services."""
    mean = 5e7
    exact = {"mean": mean} | {
        name: -mean * math.log(1 - permille / 1000) for name, permille in PERMILLES.items()
    }
    found = covered(model(0.8, 150_000, cut=True), exact)
    assert all(count > 900 for count, _ in found.values()), found
    assert all(0.93 <= share <= 0.97 for _, share in found.values()), found


@pytest.mark.slow
def test_of_two_choices_of_a_hundred():
    """Power of two choices among a hundred at 0.8, 150,000 requests."""
    of = model(0.8, 150_000, pods=100, strategy="power_of_d_choices", cut=True)
    found = covered(of)
    assert all(count > 900 for count, _ in found.values()), found
    assert all(0.93 <= share <= 0.97 for _, share in found.values()), found
