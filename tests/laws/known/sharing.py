"""Processor sharing: as long in the mean as M/M/1, whatever the distribution, and fair

The mean response of M/G/1-PS is 1 / (1 - rho) services, that of a request of size x is
x / (1 - rho). Sizes are those of the same requests first come first served; by fifths of the sizes,
from the shortest to the longest, the mean response over the mean size. M/M/c-PS is M/M/c in the
mean.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from emu.analysis.queueing import mmc_mean_response, shared_response
from tests.laws.emulation import EXPONENTIAL, model
from tests.laws.queues import mean_responses, responses, runs, services
from tests.laws.row import Row, row

LOGNORMAL = "{lognormal: {mean: 10ms, cv: 2}}"
SHARED = "processor_sharing"
RHO = 0.7


def rows() -> Iterator[Row]:
    """Means by distribution, then by size, then of several workers."""
    for words, service in (
        ("exponential", EXPONENTIAL), ("constant", "10ms"), ("lognormal, cv 2", LOGNORMAL),
    ):  # fmt: skip
        values = mean_responses(RHO, 200_000, service=service, discipline=SHARED)
        yield row(f"{words}, rho = 0.7", shared_response(RHO, 1, 1), values)
    yield from _by_size()
    values = mean_responses(0.9, 300_000, workers=4, discipline=SHARED)
    yield row("M/M/4-PS, rho = 0.9", mmc_mean_response(4, 3.6, 1), values)


def _by_size() -> Iterator[Row]:
    slowed: list[list[float]] = []
    alone, shared = model(RHO, 200_000), model(RHO, 200_000, discipline=SHARED)
    for first, second in zip(runs(alone), runs(shared), strict=True):
        sizes, taken = services(first), responses(second)
        edges = np.quantile(sizes, [0, 0.2, 0.4, 0.6, 0.8, 1])
        fifths = [(low <= sizes) & (sizes <= high) for low, high in pairwise(edges)]
        slowed.append([taken[fifth].mean() / sizes[fifth].mean() for fifth in fifths])
    for number, values in enumerate(zip(*slowed, strict=True), start=1):
        case = f"rho = 0.7, fifth {number} of the sizes: response / size"
        yield row(case, shared_response(RHO, 1, 1), values)
