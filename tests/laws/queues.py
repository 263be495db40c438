"""What the rows of a queue say, in mean service times; the first tenth is left out."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.analysis.totals import Totals
from emu.model import Model
from emu.recorder.rows import Outcome
from emu.units import SECOND
from tests.laws.emulation import SERVICE_NS, model, rows_of, totals_of

SEEDS = range(1, 11)
"""Of ten replications."""


def runs(of: Model) -> Iterator[NDArray[Any]]:
    """The rows of each replication from when the queue has long been in use."""
    for seed in SEEDS:
        rows = rows_of(of, seed)
        if not (rows["outcome"] == Outcome.OK).all():
            raise AssertionError("every request of a queue that takes all is answered")
        yield rows[len(rows) // 10 :]


def responses(rows: NDArray[Any]) -> NDArray[np.float64]:
    """From when a request was meant to be sent until it was answered."""
    taken: NDArray[np.float64] = (rows["done_ns"] - rows["intended_ns"]) / SERVICE_NS
    return taken


def services(rows: NDArray[Any]) -> NDArray[np.float64]:
    """How long each was served."""
    taken: NDArray[np.float64] = (rows["service_end_ns"] - rows["service_start_ns"]) / SERVICE_NS
    return taken


def mean_responses(load_each: float, requests: int, **options: Any) -> list[float]:
    """The mean response of each replication of a queue, counted as its rows pass."""
    of = model(load_each, requests, cut=True, **options)
    return [_mean(totals) for totals in totals_of(of, SEEDS)]


def _mean(totals: Totals) -> float:
    ended = {name for name, count in totals.outcomes.items() if count}
    if totals.latency.mean is None or ended != {"ok"}:
        raise AssertionError("every request of a queue that takes all is answered")
    return totals.latency.mean * SECOND / SERVICE_NS
