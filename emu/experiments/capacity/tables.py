"""curve.parquet and replications.parquet of a search for capacity."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from emu.analysis.comparison import estimate
from emu.analysis.metrics import METRICS, Metric
from emu.experiments.axis import numbers
from emu.experiments.capacity.plan import CapacityPlan
from emu.experiments.capacity.result import Tried
from emu.experiments.capacity.search import Verdict
from emu.experiments.execution import Outcome
from emu.experiments.replications import OF_A_RUN, table_of
from emu.experiments.varying import written
from emu.recorder.columns import NAME, Column
from emu.recorder.header import versions

CURVE: Final = "curve.parquet"
"""The values that were tried, in order, one a row."""

_VALUE: Final = Column("value", NAME, "", "the value of what is varied, as it is written", False)
_NUMBER: Final = Column("number", pa.float64(), "", "the same as a number, where it is one")
_MEETS: Final = {Verdict.MEETS: True, Verdict.FAILS: False, Verdict.UNDECIDED: None}

RUNS: Final = (_VALUE, *OF_A_RUN)
"""The columns of replications.parquet."""


def curve_columns(metrics: Sequence[Metric]) -> tuple[Column, ...]:
    """The columns of curve.parquet."""
    ends = (("mean", "mean of the"), ("low", "lower end of the interval of the"),
            ("high", "upper end of the interval of the"))  # fmt: skip
    return (
        _VALUE,
        _NUMBER,
        Column("meets", pa.bool_(), "", "whether it surely meets the objectives; null: undecided"),
        Column("replications", pa.int32(), "", "how often it was run", False),
        *(
            Column(f"{metric.name}_{end}", pa.float64(), metric.unit, f"{words} {metric.meaning}")
            for metric in metrics
            for end, words in ends
        ),
    )


def tables(
    plan: CapacityPlan, tried: Sequence[Tried], outcomes: Mapping[int, Sequence[Outcome]]
) -> tuple[pa.Table, pa.Table]:
    """The table of runs and the curve, in the order of the values."""
    header = {
        "scenario": plan.ends[0].name, "path": plan.axis.path, "confidence": plan.confidence,
        "objectives": [
            {"metric": one.metric.name, "limit": one.bound, "text": one.text}
            for one in plan.objectives
        ],
        "versions": versions(),
    }  # fmt: skip
    metrics = _metrics(plan)
    found = numbers([one.value for one in tried])
    as_numbers = [None] * len(tried) if found is None else [float(one) for one in found[0]]
    curve = (
        (written(one.value), number, _MEETS[one.judgement.verdict], len(one.runs),
         *_ends(metrics, one, plan.confidence))
        for one, number in zip(tried, as_numbers, strict=True)
    )  # fmt: skip
    runs = (row for one in tried for row in _rows(plan, one, outcomes[one.place]))
    return table_of(RUNS, runs, header), table_of(curve_columns(metrics), curve, header)


def _metrics(plan: CapacityPlan) -> list[Metric]:
    """Those of every table, and what else the objectives are about."""
    asked = {one.metric.name: one.metric for one in plan.objectives}
    return list({**{metric.name: metric for metric in METRICS}, **asked}.values())


def _ends(metrics: Sequence[Metric], tried: Tried, confidence: float) -> Iterator[float | None]:
    for metric in metrics:
        values = [value for run in tried.runs if (value := metric.of(run)) is not None]
        error = max((metric.error_of(run) for run in tried.runs), default=0.0)
        found = estimate(values, confidence, error)
        yield from (found.mean, found.low, found.high)


def _rows(
    plan: CapacityPlan, tried: Tried, outcomes: Sequence[Outcome]
) -> Iterator[tuple[Any, ...]]:
    for outcome in outcomes:
        _, replication = outcome.key
        assert outcome.summary is not None
        yield (
            written(tried.value), replication, plan.seed + replication, outcome.run,
            outcome.summary.quantile_error, *(metric.of(outcome.summary) for metric in METRICS),
        )  # fmt: skip
