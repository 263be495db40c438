"""Little's law, and that nothing is lost

L = lambda W: the mean number that is there is the rate at which they come times the mean time that
they stay, here over a whole run that begins and ends empty, in nanoseconds: so the time integral of
the number at a Pod is the sum of the times that requests stay, exactly. Sent is ok: each request
has one row. L for M/M/1 at 0.8 is 4.
"""

from collections.abc import Iterator

import numpy as np

from emu.recorder.rows import Outcome
from tests.laws.emulation import model, rows_of
from tests.laws.queues import SEEDS
from tests.laws.row import Claim, Row, row

REQUESTS = 200_000


def rows() -> Iterator[Row]:
    """The integral less the sum, sent less ok, and L."""
    differences, lost, numbers = [], [], []
    for seed in SEEDS:
        run = rows_of(model(0.8, REQUESTS), seed)
        times = np.concatenate([run["pod_ns"], run["service_end_ns"]])
        steps = np.repeat([1, -1], REQUESTS)
        order = np.argsort(times, kind="stable")
        there = np.cumsum(steps[order])
        integral = int((there[:-1] * np.diff(times[order])).sum())
        differences.append(integral - int((run["service_end_ns"] - run["pod_ns"]).sum()))
        lost.append(REQUESTS - np.count_nonzero(run["outcome"] == Outcome.OK))
        numbers.append(integral / float(np.ptp(times)))
    yield row("integral of the number - sum of the times, ns", 0, differences, Claim.IS_EXACTLY)
    yield row("sent - ok", 0, lost, Claim.IS_EXACTLY)
    yield row("M/M/1, rho = 0.8: L", 4.0, numbers)
