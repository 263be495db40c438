"""What all Vega-Lite charts of the page have in common.

Colours are CSS variables, so one drawing serves light, dark and print. Vega passes them on to the
SVG as they are.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from emu.units import SECOND, format_duration

COLOURS: Final = tuple(f"var(--c{number})" for number in range(1, 9))
"""Of series, in this order; told apart by dashes as well."""
DASHES: Final = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 1], [1, 3], [10, 2, 2, 2])
PAGE: Final = "var(--page)"
INK: Final = "var(--ink)"
FAINT: Final = "var(--faint)"
BAND: Final = "var(--band)"
ACCENT: Final = "var(--c1)"
WORSE: Final = "var(--worse)"
BETTER: Final = "var(--better)"

HEIGHT: Final = 220

_STEPS: Final = (
    (5.0, (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)),
    (20.0, (1, 2, 3, 4, 5, 6, 8)),
    (1000.0, (1, 2, 5)),
    (math.inf, (1,)),
)
"""Multiples of powers of ten on an axis whose ends have less than a ratio."""

_CONFIG: Final[dict[str, Any]] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": "transparent"},
    "axis": {
        "labelColor": INK, "titleColor": INK, "gridColor": "var(--grid)", "domainColor": FAINT,
        "tickColor": FAINT, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
        "labelLimit": 230,
    },
    "legend": {
        "labelColor": INK, "titleColor": INK, "orient": "bottom", "labelFontSize": 12,
        "columns": 3, "labelLimit": 200, "symbolType": "stroke", "symbolSize": 300, "title": None,
    },
    # The drawing has a description and a table; a mark of its own for a reader is noise.
    "mark": {"aria": False},
    "rule": {"color": FAINT},
    "line": {"strokeWidth": 1.8},
}  # fmt: skip

# Seconds as people write them.
SECONDS: Final = (
    "datum.value == 0 ? '0' : abs(datum.value) >= 1 ? format(datum.value, '~r') + ' s'"
    " : abs(datum.value) >= 0.999e-3 ? format(datum.value * 1e3, '~r') + ' ms'"
    " : abs(datum.value) >= 0.999e-6 ? format(datum.value * 1e6, '~r') + ' us'"
    " : format(datum.value * 1e9, '~r') + ' ns'"
)


def data(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows that stand in the page itself."""
    return alt.InlineData(values=list(rows))


def spec(chart: Any, says: str, height: int = HEIGHT) -> dict[str, Any]:
    """The specification of a chart as wide as its place, with its description."""
    made: dict[str, Any] = chart.properties(
        width="container", height=height, description=says
    ).to_dict()
    made["config"] = _CONFIG
    made["autosize"] = {"type": "fit-x", "contains": "padding"}
    return made


def log_seconds(low: float, high: float, title: str) -> dict[str, Any]:
    """Scale and axis, as keywords of an encoding, of durations on a logarithmic axis."""
    return {
        "scale": alt.Scale(type="log", domain=[low, high], nice=False),
        "axis": alt.Axis(
            values=log_ticks(low, high), labelExpr=SECONDS, title=title, labelOverlap=True
        ),
    }


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten between the ends, and the fewer these are, the more of their multiples."""
    ticks: list[float] = []
    power = -12
    steps = next(steps for ratio, steps in _STEPS if high / low < ratio)
    while 10.0**power <= high:
        ticks += [step * 10.0**power for step in steps]
        power += 1
    return [float(f"{tick:.1e}") for tick in ticks if low <= tick <= high]


def seconds_of(ns: float) -> str:
    """Nanoseconds in words."""
    return format_duration(ns)


def at(ns: float) -> str:
    """A moment of simulated time, for tables and tooltips."""
    return f"{ns / SECOND:,.6g} s"


def series_encoding(names: Sequence[str], legend: bool = True) -> dict[str, Any]:
    """Colour and dash of several lines by their column ``series``."""
    shown = alt.Legend() if legend and len(names) > 1 else None
    count = len(names)
    colours = [COLOURS[number % len(COLOURS)] for number in range(count)]
    dashes = [DASHES[number % len(DASHES)] for number in range(count)]
    return {
        "color": alt.Color(
            "series:N", scale=alt.Scale(domain=list(names), range=colours), legend=shown
        ),
        "strokeDash": alt.StrokeDash(
            "series:N", scale=alt.Scale(domain=list(names), range=dashes), legend=shown
        ),
    }
