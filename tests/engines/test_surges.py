"""Clients that send faster for a time, by both engines."""

import numpy as np
import pytest

from emu.scenario.checks.load import implied

S = 10**9
SPEC = """
duration: 60s
behaviours: [{workers: 100, serviceTime: 1ms}]
clients:
  - {name: calm, arrivals: {constant: {rate: 10/s}}}
  - {name: surging, arrivals: ARRIVALS}
"""


def surged(play, described, arrivals, *surges):
    """The rows of a run with surges of the second client, each (from, for how long, how much)."""
    timeline = [
        {"at": f"{at}s", "do": "surge", "client": "surging", "for": f"{lasting}s", "factor": factor}
        for at, lasting, factor in surges
    ]
    return play(described(SPEC.replace("ARRIVALS", arrivals), timeline=timeline)).rows


def counts(rows, client):
    """How many requests a client means to send before, within, and after 20 s to 30 s."""
    intended = rows["intended_ns"][rows["client"] == client]
    return np.histogram(intended, [0, 20 * S, 30 * S, 60 * S])[0].tolist()


def test_constant_arrivals_come_three_times_as_often(play, described):
    """10/s for 60 s with a surge of 3 for 10 s: 200, 300 and 300 requests; others do not notice."""
    rows = surged(play, described, "{constant: {rate: 10/s}}", (20, 10, 3.0))
    assert counts(rows, 1) == [200, 300, 300]
    assert counts(rows, 0) == [200, 100, 300]


DIURNAL = "diurnal: {period: 10s, points: [{at: 0s, rate: 20/s}, {at: 5s, rate: 80/s}]}"


@pytest.mark.parametrize("arrivals", ["poisson: {rate: 50/s}", DIURNAL])
def test_random_arrivals_come_three_times_as_often(play, described, arrivals):
    """As many as expected, within four standard deviations of a Poisson number."""
    rows = surged(play, described, f"{{{arrivals}}}", (20, 10, 3.0))
    for found, expected in zip(counts(rows, 1), (1000, 1500, 1500), strict=True):
        assert abs(found - expected) < 4 * expected**0.5


def test_before_a_surge_nothing_changes(play, described):
    """Requests meant before it begins are those of a run without it, moment for moment."""
    plain = surged(play, described, "{poisson: {rate: 50/s}}")
    changed = surged(play, described, "{poisson: {rate: 50/s}}", (20, 10, 3.0))
    early = [rows["intended_ns"][rows["intended_ns"] < 20 * S] for rows in (plain, changed)]
    assert early[0].tolist() == early[1].tolist()


def test_what_the_load_implies_counts_a_surge(described):
    """Three times as fast for ten of sixty seconds: 80 s worth of requests."""
    surge = {"at": "20s", "do": "surge", "client": "surging", "for": "10s", "factor": 3}
    text = SPEC.replace("ARRIVALS", "{constant: {rate: 10/s}}")
    assert implied(described(text, timeline=[surge]).spec) == 600 + 800
