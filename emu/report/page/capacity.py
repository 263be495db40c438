"""A search for a capacity: each metric over the value that was sought, with its objective."""

import json
from pathlib import Path
from typing import Any, Final

import altair as alt
import pyarrow as pa

from emu.analysis.metrics import Metric
from emu.errors import ResultsError
from emu.recorder.header import KEY
from emu.report.page import charts
from emu.report.page.numbers import estimate, present, words
from emu.report.page.parts import Cells, Chart, Section
from emu.report.page.sources import Kind, table
from emu.report.page.sweep import line_with_band, number

_ALWAYS: Final = ("latency_p99_seconds", "ok_share", "busiest_pod_utilisation")


def section(folder: Path) -> Section:
    """The search in ``folder``: ``curve.parquet``, whose metadata names under ``emu`` the scenario,
    the ``path`` that was varied, and ``objectives`` with ``metric`` and ``limit`` each. Raises
    ResultsError where it is none.
    """
    curve = table(folder / Kind.CAPACITY)
    head = _head(curve)
    path = str(head.get("path", "value"))
    limits = {one["metric"]: float(one["limit"]) for one in head.get("objectives", [])}
    if not {"value", "meets"} <= set(curve.column_names):
        raise ResultsError(f"{folder / Kind.CAPACITY} holds no curve: it has no value or meets")
    rows = sorted(curve.to_pylist(), key=lambda row: row["value"])
    metrics = present(rows)
    meeting = [row["value"] for row in rows if row["meets"]]
    answer = (
        f"The objective is met at {', '.join(f'{value:g}' for value in meeting)}."
        if meeting
        else "No value met the objective."
    )
    parts: list[Chart | Cells | str] = [f"Varied: {path}. {answer}"]
    parts += [
        _curve(rows, path, metric, limits.get(metric.name))
        for metric in metrics
        if metric.name in _ALWAYS or metric.name in limits
    ]
    parts.append(
        Cells(
            "All values", (path, "meets", *(metric.words for metric in metrics)),
            [
                (f"{row['value']:g}", "yes" if row["meets"] else "no",
                 *(words(metric, estimate(row, metric)) for metric in metrics))
                for row in rows
            ],
        )
    )  # fmt: skip
    return Section("capacity", f"Capacity of {head.get('scenario', folder.parent.name)}", parts)


def _head(curve: pa.Table) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((curve.schema.metadata or {}).get(KEY, b"{}"))
    return found


def _curve(rows: list[dict[str, Any]], path: str, metric: Metric, limit: float | None) -> Chart:
    made = []
    for row in rows:
        one = estimate(row, metric)
        if one.mean is not None:
            made.append(
                {"at": number(row["value"]), "mean": one.mean, "low": one.low, "high": one.high,
                 "words": words(metric, one), "meets": "yes" if row["meets"] else "no"}
            )  # fmt: skip
    beside = []
    if limit is not None:
        beside.append(
            alt.Chart(charts.data([{"limit": limit}]))
            .mark_rule(color=charts.WORSE, strokeDash=[6, 4], strokeWidth=2)
            .encode(alt.Y("limit:Q"))
        )
    missed = [row for row in made if row["meets"] == "no"]
    if missed:
        beside.append(
            alt.Chart(charts.data(missed))
            .mark_point(color=charts.WORSE, shape="cross", size=110, filled=True, opacity=1)
            .encode(alt.X("at:Q"), alt.Y("mean:Q"))
        )
    note = "A cross misses the objective." if missed else ""
    note += " The dashed line is the objective." if limit is not None else ""
    return line_with_band(made, path, metric, True, beside, note.strip())
