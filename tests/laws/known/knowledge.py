"""The more is known, the shorter are responses: JSQ, JIQ, two choices, random

Join the shortest queue, join an idle queue, the shorter of two, and any: of the same requests (ten
seeds), a hundred Pods at a load of 0.9, by how much the mean response of the one is above that of
the one before. Join the shortest queue is no better than one queue before all servers, M/M/100.
Times are in mean services.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from emu.analysis.queueing import mmc_mean_response
from tests.laws.queues import mean_responses
from tests.laws.row import Claim, Row, row

STRATEGIES = {
    "JSQ": "least_connections",
    "JIQ": "join_idle_queue",
    "two choices": "power_of_d_choices",
    "random": "random",
}


def rows() -> Iterator[Row]:
    """The least possible, then one after the other."""
    means = {
        name: np.array(mean_responses(0.9, 100_000, pods=100, strategy=strategy))
        for name, strategy in STRATEGIES.items()
    }
    least = mmc_mean_response(100, 90, 1)
    yield row("JSQ above M/M/100 by", 0.0, means["JSQ"] - least, Claim.IS_AT_LEAST)
    for better, worse in pairwise(STRATEGIES):
        yield row(
            f"{worse} above {better} by", 0.0, means[worse] - means[better], Claim.IS_AT_LEAST
        )
