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
from emu.report.page.sources import Kind, document, table
from emu.report.page.sweep import line_with_band, number

_ANSWER: Final = "capacity.json"
_MEETS: Final = {True: "yes", False: "no", None: "undecided"}
_ALWAYS: Final = ("latency_p99_seconds", "ok_share", "busiest_pod_utilisation")


def section(folder: Path) -> Section:
    """The search in ``folder``: its sentences, from ``capacity.json``, and ``curve.parquet``, whose
    metadata names under ``emu`` the scenario, the ``path`` that was varied, and ``objectives`` with
    ``metric`` and ``limit`` each. Raises ResultsError where it is none.
    """
    curve = table(folder / Kind.CAPACITY)
    if not {"value", "number", "meets"} <= set(curve.column_names):
        raise ResultsError(f"{folder / Kind.CAPACITY} holds no curve: it has no value or meets")
    head, rows = _head(curve), curve.to_pylist()
    path = str(head.get("path", "value"))
    objectives = head.get("objectives", [])
    limits = {one["metric"]: float(one["limit"]) for one in objectives}
    metrics = present(rows)
    said = document(folder / _ANSWER)
    parts: list[Chart | Cells | str] = [
        f"Varied: {path}. Objectives: {', '.join(one['text'] for one in objectives)}.",
        *said["sentences"],
    ]
    parts += [
        _curve(rows, path, metric, limits.get(metric.name))
        for metric in metrics
        if metric.name in _ALWAYS or metric.name in limits
    ]
    parts.append(
        Cells(
            "All values", (path, "meets", "runs", *(metric.words for metric in metrics)),
            [
                (row["value"], _MEETS[row["meets"]], f"{row['replications']}",
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
    made, is_number = [], all(row["number"] is not None for row in rows)
    for row in rows:
        one = estimate(row, metric)
        if one.mean is not None:
            made.append(
                {"at": number(row["number"]) if is_number else row["value"],
                 "mean": one.mean, "low": one.low, "high": one.high,
                 "words": words(metric, one), "meets": _MEETS[row["meets"]]}
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
            .encode(alt.X("at:Q" if is_number else "at:N"), alt.Y("mean:Q"))
        )
    note = "A cross misses the objective." if missed else ""
    note += " The dashed line is the objective." if limit is not None else ""
    return line_with_band(made, path, metric, is_number, beside, note.strip())
