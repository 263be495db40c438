"""A comparison: each variant's difference to the first with its interval, as a forest plot."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import altair as alt

from emu.analysis.comparison import Compared, Verdict
from emu.analysis.metrics import METRICS, Metric
from emu.errors import ResultsError
from emu.report.intervals import change, interval, mean
from emu.report.page import charts
from emu.report.page.parts import Cells, Chart, Section
from emu.report.page.sources import Kind, document

_BETTER, _WORSE, _NOT_SHOWN = "better", "worse", "none shown"
_JUDGED: Final = {_BETTER: charts.BETTER, _WORSE: charts.WORSE, _NOT_SHOWN: charts.FAINT}
_SHAPES: Final = {_BETTER: "circle", _WORSE: "diamond", _NOT_SHOWN: "cross"}

Variant = tuple[str, Mapping[str, Compared]]


def section(folder: Path) -> Section:
    """The comparison in ``folder``. Raises ResultsError where it is none."""
    found = document(folder / Kind.COMPARISON)
    try:
        confidence = float(found["confidence"])
        variants = [_variant(one) for one in found["variants"]]
        head = _head(found)
    except (LookupError, TypeError, ValueError) as error:
        raise ResultsError(f"{folder} holds no comparison: {error}") from error
    parts: list[Chart | Cells | str] = [head]
    rows = _rows(variants)
    if rows:
        parts.append(_forest(variants, rows, confidence))
    parts.append(_table(variants, confidence))
    return Section("comparison", f"Comparison of {found['scenario']}", parts)


def _head(found: Mapping[str, Any]) -> str:
    count, varied = found["replications"], ", ".join(found["variants"][0]["settings"])
    runs = f"{count} replications of each" if count > 1 else "One replication"
    words = f"{runs} of {len(found['variants'])} variants, seeds from {found['seed']} on. "
    words += f"Varied: {varied}."
    return words if count > 1 else f"{words} It has no intervals: any difference may be chance."


def _variant(one: Mapping[str, Any]) -> Variant:
    return str(one["name"]), {
        name: Compared.model_validate(found) for name, found in one["metrics"].items()
    }


def _rows(variants: Sequence[Variant]) -> list[dict[str, Any]]:
    """For each metric and variant but the first the difference, as a share of the first's mean."""
    (_, first), *others = variants
    rows = []
    for metric in METRICS:
        base = first[metric.name].estimate.mean
        for name, metrics in others:
            found = metrics[metric.name].difference
            if not base or found is None or found.mean is None:
                continue
            said, ends = change(metric, found)
            rows.append(
                {
                    "row": f"{metric.words}, {name}" if len(others) > 1 else metric.words,
                    "mean": found.mean / base,
                    "low": None if found.low is None else found.low / base,
                    "high": None if found.high is None else found.high / base,
                    "judged": _judged(metric, found.verdict),
                    "words": f"{said} ({ends})" if ends else said,
                }
            )
    return rows


def _judged(metric: Metric, verdict: Verdict) -> str:
    if verdict not in (Verdict.LOWER, Verdict.HIGHER):
        return _NOT_SHOWN
    return _BETTER if (verdict == Verdict.HIGHER) == metric.more_is_better else _WORSE


def _forest(variants: Sequence[Variant], rows: list[dict[str, Any]], confidence: float) -> Chart:
    base = variants[0][0]
    ends = [row[key] for row in rows for key in ("mean", "low", "high") if row[key] is not None]
    x = alt.Scale(domain=[min(0.0, *ends), max(0.0, *ends)], nice=True)
    axis = alt.Axis(format="+~%", title="difference, as a share", labelOverlap=True)
    y = alt.Y("row:N", sort=[row["row"] for row in rows], title=None)
    names = list(_JUDGED)
    colour = alt.Color(
        "judged:N", scale=alt.Scale(domain=names, range=list(_JUDGED.values())),
        legend=alt.Legend(symbolType="circle", symbolSize=80, columns=1),
    )  # fmt: skip
    shape = alt.Shape(
        "judged:N", scale=alt.Scale(domain=names, range=list(_SHAPES.values())),
        legend=alt.Legend(columns=1),
    )  # fmt: skip
    tooltip = [
        alt.Tooltip("row:N"), alt.Tooltip("words:N", title="difference"),
        alt.Tooltip("mean:Q", title="of the mean", format="+.2%"),
    ]  # fmt: skip
    made = alt.Chart(charts.data(rows))
    zero = alt.Chart(charts.data([{"zero": 0}])).mark_rule(strokeDash=[4, 3]).encode(
        alt.X("zero:Q", scale=x, axis=axis)
    )  # fmt: skip
    bars = made.mark_rule(strokeWidth=2).encode(
        alt.X("low:Q", scale=x, axis=axis), alt.X2("high:Q"), y, colour, tooltip=tooltip
    )
    dots = made.mark_point(filled=True, size=80, opacity=1).encode(
        alt.X("mean:Q", scale=x, axis=axis), y, colour, shape, tooltip=tooltip
    )
    says = f"Differences to {base} with {confidence * 100:g} % intervals: " + "; ".join(
        f"{row['row']} {row['words']}" for row in rows[:12]
    )
    table = Cells(
        f"Differences to {base}", ("metric", "difference", "", "judged"),
        [(row["row"], row["words"], f"{row['mean']:+.2%}", row["judged"]) for row in rows],
    )  # fmt: skip
    return Chart(
        f"Differences to {base}", says + ".", table,
        charts.spec(alt.layer(zero, bars, dots), says + ".", 24 * len(rows) + 20),
        note="An interval that does not hold 0 shows a difference. Better is a lower latency or "
        "busyness, evener shares, and more that is answered ok.",
    )  # fmt: skip


def _table(variants: Sequence[Variant], confidence: float) -> Cells:
    rows = []
    for metric in METRICS:
        for number, (name, metrics) in enumerate(variants):
            found = metrics[metric.name]
            said = ""
            if found.difference is not None:
                words, ends = change(metric, found.difference)
                said = f"{words} ({ends})" if ends else words
            rows.append(
                (
                    metric.words if not number else "", name, mean(metric, found.estimate),
                    interval(metric, found.estimate), said,
                )
            )  # fmt: skip
    columns = (
        "metric", "variant", "mean", f"{confidence * 100:g} % interval",
        f"difference to {variants[0][0]}",
    )  # fmt: skip
    return Cells("Metrics of each variant", columns, rows, names=2)
