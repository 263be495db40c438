"""Clients that send faster for a time, by both engines."""

from dataclasses import replace

import numpy as np
import pytest

from emu.engines import compiled, process
from emu.model.build import build
from emu.model.surges import surges
from emu.workload import Surge
from tests.conftest import Played, same

S = 10**9
SPEC = """
duration: 60s
behaviours: [{workers: 100, serviceTime: 1ms}]
clients:
  - {name: calm, arrivals: {constant: {rate: 10/s}}}
  - {name: surging, arrivals: ARRIVALS}
"""


def surged(described, arrivals, *described_surges):
    """A run with surges of the second client, by both engines, which agree."""
    model = build(described(SPEC.replace("ARRIVALS", arrivals)))
    clients = model.clients.copy()
    pieces = surges(clients, {1: described_surges})
    model = replace(model, clients=clients, surges=pieces)
    runs = [Played(model, engine).run() for engine in (process, compiled)]
    same(*runs)
    return runs[0].rows


def counts(rows, client):
    """How many requests a client means to send before, within, and after 20 s to 30 s."""
    intended = rows["intended_ns"][rows["client"] == client]
    return np.histogram(intended, [0, 20 * S, 30 * S, 60 * S])[0].tolist()


def test_constant_arrivals_come_three_times_as_often(described):
    """10/s for 60 s with a surge of 3 for 10 s: 200, 300 and 300 requests; others do not notice."""
    rows = surged(described, "{constant: {rate: 10/s}}", Surge(20 * S, 10 * S, 3.0))
    assert counts(rows, 1) == [200, 300, 300]
    assert counts(rows, 0) == [200, 100, 300]


DIURNAL = "diurnal: {period: 10s, points: [{at: 0s, rate: 20/s}, {at: 5s, rate: 80/s}]}"


@pytest.mark.parametrize("arrivals", ["poisson: {rate: 50/s}", DIURNAL])
def test_random_arrivals_come_three_times_as_often(described, arrivals):
    """As many as expected, within four standard deviations of a Poisson number."""
    rows = surged(described, f"{{{arrivals}}}", Surge(20 * S, 10 * S, 3.0))
    for found, expected in zip(counts(rows, 1), (1000, 1500, 1500), strict=True):
        assert abs(found - expected) < 4 * expected**0.5


def test_before_a_surge_nothing_changes(described):
    """Requests meant before it begins are those of a run without it, moment for moment."""
    plain = surged(described, "{poisson: {rate: 50/s}}")
    changed = surged(described, "{poisson: {rate: 50/s}}", Surge(20 * S, 10 * S, 3.0))
    early = [rows["intended_ns"][rows["intended_ns"] < 20 * S] for rows in (plain, changed)]
    assert early[0].tolist() == early[1].tolist()
