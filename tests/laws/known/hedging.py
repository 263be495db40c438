"""Hedging, with servers for all

Exponential services, and one hedge x after the first: e^-t of the responses are longer than t
before x, e^-(2t - x) after it, and a share e^-x of the requests is sent twice. Times are in mean
services.
"""

import math
from collections.abc import Iterator

import numpy as np

from emu.analysis.queueing import hedged_mean, hedged_tail
from emu.recorder.rows import Outcome
from tests.laws.emulation import SERVICE_NS, model, rows_of
from tests.laws.queues import SEEDS, responses
from tests.laws.row import Row, row


def rows() -> Iterator[Row]:
    """Tail, mean and hedges for an early and a late hedge."""
    for after in (0.5, 1.5):
        hedge = f"hedge: {{after: {after * SERVICE_NS:.0f}ns}}"
        of = model(0.001, 50_000, workers=100_000, client=hedge)
        taken, sent = [], []
        for seed in SEEDS:
            run = rows_of(of, seed)
            taken.append(responses(run[run["outcome"] == Outcome.OK]))
            sent.append(len(run) / 50_000 - 1)
        yield row(f"x = {after}: mean", hedged_mean(after, 1), [np.mean(run) for run in taken])
        yield row(f"x = {after}: sent twice", math.exp(-after), sent)
        for time in (0.25, 1.0, 2.0, 3.0):
            tail = [(run > time).mean() for run in taken]
            yield row(f"x = {after}: longer than {time}", hedged_tail(after, 1, time), tail)
