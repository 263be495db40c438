"""Markov-modulated arrivals: their states, and the law of counts and gaps that follows."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from emu.units import SECOND
from emu.workload import mmpp

TWO = {"states": [{"rate": "50/s", "lasting": "1s"}, {"rate": "400/s", "lasting": "250ms"}]}
ON_OFF = {"states": [{"rate": "300/s", "lasting": "100ms"}, {"rate": "0/s", "lasting": "400ms"}]}
FOUR = {
    "states": [
        {"rate": f"{rate}/s", "lasting": f"{lasting}ms"}
        for rate, lasting in [(1, 10), (2, 20), (0, 30), (5, 40)]
    ]
}
STATE, LEFT = 1, 2


def parameters_of(options):
    """The parameters as a run has them before its first request."""
    return np.array(mmpp.parameters(mmpp.Options.model_validate(options)))


def times_until(options, end, seed=1, client=0, clients=1):
    """The intended times of a client before ``end``, in nanoseconds."""
    parameters, times, previous = parameters_of(options), [], 0
    while previous < end:
        number = len(times) * clients + client
        previous = mmpp.following(parameters, 0, seed, number, len(times), previous)
        times.append(previous)
    return np.array(times[:-1])


@pytest.mark.parametrize("seconds", [0.05, 1.5])
def test_counts_vary_as_the_theory_says(seconds):
    """Mean and variance of the number of requests from time 0 on, over 2,000 runs.

    As the states begin in balance, the mean is the rate times the time from the first moment on.
    The variance is that of Fischer and Meier-Hellstern (1993) for two states; both within 4.5
    standard errors.
    """
    end, n = int(seconds * SECOND), 2000
    counts = np.array([len(times_until(TWO, end, seed)) for seed in range(n)], float)
    mean = mmpp.rate(mmpp.Options.model_validate(TWO)) * seconds
    assert abs(counts.mean() - mean) < 4.5 * counts.std() / math.sqrt(n)
    out, back = 1.0, 4.0
    both = out + back
    spread = out * back * (400 - 50) ** 2 / both**2
    decayed = seconds - (1 - math.exp(-both * seconds)) / both
    variance = mean + 2 * spread / both * decayed
    fourth = ((counts - counts.mean()) ** 4).mean()
    error = math.sqrt((fourth - counts.var() ** 2) / n)
    assert abs(counts.var() - variance) < 4.5 * error


def test_gaps_of_an_interrupted_process_are_hyperexponential():
    """With a silent state, gaps are independent and of the law of A. Kuczura (1973)."""
    gaps = np.diff(times_until(ON_OFF, 400 * SECOND)) / SECOND
    rate, off, on = 300, 10, 2.5  # requests on, ends of an on state and of an off state per second
    total = rate + off + on
    root = math.sqrt(total**2 - 4 * rate * on)
    fast, slow = (total + root) / 2, (total - root) / 2
    share = (rate - slow) / (fast - slow)

    def cdf(x):
        return 1 - share * np.exp(-fast * x) - (1 - share) * np.exp(-slow * x)

    assert len(gaps) > 15_000
    assert stats.kstest(gaps, cdf).pvalue > 0.001
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4.5 / math.sqrt(len(gaps))


@pytest.fixture(scope="module")
def sojourns():
    """The states of 20,000 sojourns of the process with four states, and how long each lasts."""
    parameters = parameters_of(FOUR)
    mmpp.following(parameters, 0, 2, 3, 0, 0)
    found = []
    for _ in range(20_000):
        mmpp._change(parameters, 0, 2)
        found.append((int(parameters[STATE]), parameters[LEFT] / SECOND))
    return found


def test_the_next_state_is_any_other(sojourns):
    """Each state is left for each of the others equally often, by chi-square, never for itself."""
    counts = np.zeros((4, 4))
    for (state, _), (after, _) in itertools.pairwise(sojourns):
        counts[state, after] += 1
    assert not counts.diagonal().any()
    others = counts[~np.eye(4, dtype=bool)].reshape(4, 3)
    assert all(stats.chisquare(row).pvalue > 0.001 for row in others)


def test_sojourns_are_exponential(sojourns):
    """Each state lasts for an exponential time of its own mean."""
    for state, mean in enumerate([0.01, 0.02, 0.03, 0.04]):
        stays = [stay for its, stay in sojourns if its == state]
        assert len(stays) > 4500
        assert stats.kstest(stays, stats.expon(scale=mean).cdf).pvalue > 0.001


def test_the_first_state_is_drawn_by_its_share_of_time():
    """Over 4,000 clients the first states are as frequent as states are at any time."""
    counts = np.zeros(4)
    for client in range(4000):
        parameters = parameters_of(FOUR)
        mmpp._begin(parameters, 0, 7, client)
        counts[int(parameters[STATE])] += 1
    assert stats.chisquare(counts, 4000 * np.array([0.1, 0.2, 0.3, 0.4])).pvalue > 0.001


def test_clients_have_states_of_their_own():
    """Counts of two clients of one run, by tenths of a second, say nothing of one another."""
    edges = np.arange(0, 300.05, 0.1) * SECOND
    one, other = (
        np.histogram(times_until(TWO, 300 * SECOND, client=client, clients=2), edges)[0]
        for client in (0, 1)
    )
    alone = np.corrcoef(one[1:], one[:-1])[0, 1]
    assert alone > 0.3
    assert abs(np.corrcoef(one, other)[0, 1]) < 4.5 * math.sqrt((1 + alone) / (1 - alone) / 3000)


def test_the_mean_rate_goes_by_the_share_of_time():
    """Each rate counts by how long its state lasts."""
    assert mmpp.rate(mmpp.Options.model_validate(TWO)) == pytest.approx((50 + 100) / 1.25)
    assert mmpp.rate(mmpp.Options.model_validate(FOUR)) == pytest.approx(2.5)


def test_a_silence_of_centuries_fits_into_64_bits():
    """After a hundred years without a request the next one is put off until after any run."""
    options = {"states": [{"rate": "0/s", "lasting": "8760h"}, {"rate": "1/s", "lasting": "8760h"}]}
    parameters = parameters_of(options)
    parameters[mmpp._STATES + 2] = 0.0  # no rate at all, which options cannot have
    century = 100 * 365 * 24 * 3600 * SECOND
    assert century <= mmpp.following(parameters, 0, 1, 5, 0, 0) < 2**62
    assert century < mmpp.following(parameters, 0, 1, 6, 1, century) < 2**63
