"""Bounded loads: no Pod above its share

With T requests in flight, the new one included, a Pod that is given a request has at most
ceil(c T / n). Thirty addresses before ten Pods of two workers each at 0.8, so that hashes alone
would load some far more. Source: V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent hashing with
bounded loads", SODA 2018.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.laws.emulation import model, rows_of
from tests.laws.queues import SEEDS
from tests.laws.row import Claim, Row, row

PODS = 10


def rows() -> Iterator[Row]:
    """The most that a Pod was ever above its cap, which it meets."""
    for factor in (1, 1.25, 2):
        strategy = f"{{bounded_load: {{balanceFactor: {factor}}}}}"
        of = model(
            0.8, 20_000, pods=PODS, workers=2, strategy=strategy, addresses="198.51.100.0/27"
        )
        above = [_most_above(rows_of(of, seed), factor) for seed in SEEDS]
        yield row(f"c = {factor}: most above the cap", 0, above, Claim.IS_EXACTLY)


def _most_above(run: NDArray[Any], factor: float) -> int:
    """What a Pod was given above its cap, at the worst moment of the run."""
    times = np.concatenate([run["lb_ns"], run["lb_response_ns"]])
    steps, pods = np.repeat([1, -1], len(run)), np.tile(run["pod"], 2)
    loads, total, above = [0] * PODS, 0, -PODS
    for place in np.lexsort((steps, times)).tolist():  # who leaves at a moment leaves first
        pod, step = pods[place], steps[place]
        loads[pod] += step
        total += step
        if step > 0:
            above = max(above, loads[pod] - math.ceil(factor * total / PODS))
    return above
