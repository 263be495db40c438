"""The complementary distribution: which share of the requests took longer, and how much."""

from typing import Any, Final

import altair as alt

from emu.analysis.log_even import LogEven
from emu.report.page import charts
from emu.report.page.parts import Cells, Chart
from emu.report.words import count, seconds
from emu.units import SECOND

_FINE: Final = 16
"""Points in a doubling: each 4 % further than the one before."""
_COARSE: Final = 4
"""And rows of the table."""


def tail(of: dict[str, LogEven], title: str) -> Chart:
    """The complementary distribution of each, both axes logarithmic."""
    rows: list[dict[str, Any]] = []
    lines = []
    for name, one in of.items():
        for ns, left in one.at_least(_FINE):
            share = left / one.count
            rows.append(
                {
                    "at": ns / SECOND, "share": share, "series": name,
                    "words": f"{_small(share)} took {seconds(ns / SECOND)} or longer",
                }
            )  # fmt: skip
            lines.append((name, seconds(ns / SECOND), count(left), _small(share)))
    low, high = (pick(row["at"] for row in rows) for pick in (min, max))
    least = min(row["share"] for row in rows)
    says = f"{title}. " + "; ".join(
        f"{name}: of {count(one.count)} the longest took about {_longest(one)}"
        for name, one in of.items()
    )
    chart = (
        alt.Chart(charts.data(rows))
        .mark_line(interpolate="linear")
        .encode(
            alt.X("at:Q", **charts.log_seconds(low, high * 1.02, "latency, logarithmic")),
            alt.Y(
                "share:Q",
                scale=alt.Scale(type="log", domain=[least * 0.8, 1.0], nice=False),
                axis=alt.Axis(
                    values=[10.0**-power for power in range(12) if 10.0**-power >= least * 0.8],
                    labelExpr="format(datum.value, '~%')",
                    title="share that took longer, logarithmic",
                ),
            ),
            tooltip=[
                alt.Tooltip("words:N", title="requests"),
                *([alt.Tooltip("series:N", title="of")] if len(of) > 1 else []),
            ],
            **charts.series_encoding(list(of)),
        )
    )
    table = Cells(title, ("", "latency", "as long or longer", "share"), _thinned(lines))
    return Chart(title, says + ".", table, charts.spec(chart, says + ".", 260))


def _thinned(lines: list[tuple[str, str, str, str]]) -> list[tuple[str, str, str, str]]:
    """Every fourth, which are edges of the bins of the histogram by hop."""
    return lines[:: _FINE // _COARSE]


def _small(share: float) -> str:
    """A share of which the first two digits count, however small it is."""
    return f"{share * 100:.3g} %"


def _longest(one: LogEven) -> str:
    bins = one.bins(_FINE)
    return seconds(bins[-1].high / SECOND) if bins else "no time"
