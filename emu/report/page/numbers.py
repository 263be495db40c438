"""Metrics as tables and axes of the page write them."""

from collections.abc import Mapping
from typing import Any, Final

from emu.analysis.comparison import Estimate
from emu.analysis.metrics import METRICS, OBJECTIVES, Metric
from emu.report.intervals import interval, mean
from emu.report.page import charts

_AXES: Final = {
    "s": {"labelExpr": charts.SECONDS},
    "share": {"format": "~%"},
    "1/s": {"format": "~s"},
    "ratio": {},
}


def axis(metric: Metric) -> dict[str, Any]:
    """How the axis of a metric is labelled, as keywords."""
    return dict(_AXES[metric.unit])


def estimate(row: Mapping[str, Any], metric: Metric) -> Estimate:
    """The mean and interval of a metric, from the columns ``<metric>_mean``, ``_low`` and
    ``_high``.
    """
    value, low, high = (row.get(f"{metric.name}_{end}") for end in ("mean", "low", "high"))
    return Estimate(
        replications=int(row.get("replications") or (0 if value is None else 1)),
        mean=value, low=low, high=high,
    )  # fmt: skip


def words(metric: Metric, found: Estimate) -> str:
    """``144 ms (140 to 148)``."""
    said = mean(metric, found)
    return said if found.low is None else f"{said} ({interval(metric, found)})"


def present(rows: list[Mapping[str, Any]]) -> list[Metric]:
    """The metrics that any of the rows has."""
    return [
        metric
        for metric in (*METRICS, *OBJECTIVES)
        if any(row.get(f"{metric.name}_mean") is not None for row in rows)
    ]
