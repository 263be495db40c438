"""What nodes and Pods got, against what the scenario implies, with the band of chance."""

import math
from collections.abc import Mapping
from typing import Any, Final

import altair as alt

from emu.analysis.balance import Balance, Share
from emu.analysis.summary import PodShare
from emu.report.page import charts
from emu.report.page.gathering import Gathered
from emu.report.page.parts import Cells, Chart, Section
from emu.report.shares import balance_words
from emu.report.words import count, percent

_Z: Final = 1.959963984540054
"""Standard deviations within which 95 % of a normal distribution lie."""
_MOST_DRAWN: Final = 30
_MOST_LISTED: Final = 500


def section(run: Gathered) -> Section | None:
    """A chart for nodes and one for Pods; None where neither got anything."""
    summary = run.summary
    parts = [
        _shares(what, places, balance)
        for what, places, balance in (
            ("Nodes", summary.nodes, summary.node_balance),
            ("Pods", summary.pods, summary.pod_balance),
        )
        if any(place.requests for place in places.values())
    ]
    return Section("shares", "Nodes and Pods", parts) if parts else None


def band(share: float, total: int) -> tuple[float, float]:
    """Where the share of a place lies, with 95 %, if each of ``total`` attempts falls on it by
    chance and on its own: the binomial distribution by its normal approximation.
    """
    half = _Z * math.sqrt(share * (1 - share) / total)
    return max(0.0, share - half), min(1.0, share + half)


def _shares(what: str, places: Mapping[str, Share], balance: Balance) -> Chart:
    total = sum(place.requests for place in places.values())
    shown = {
        name: place for name, place in places.items() if place.requests or place.expected_share
    }
    drawn = _farthest(shown, total)
    rows = [_row(name, place, total) for name, place in drawn.items()]
    says = _says(what, shown, total)
    left_out = len(shown) - len(drawn)
    note = f"{balance_words(balance)}. " if balance_words(balance) else ""
    note += (
        "The dot is the share; the bar is where 95 % of the places would lie if each attempt fell "
        "by chance, and on its own, on the share that the scenario implies."
    )
    if left_out:
        note += f" The {len(drawn)} farthest from that are drawn, {count(left_out)} are not."
    listed = dict(list(shown.items())[:_MOST_LISTED])
    more = len(shown) - len(listed)
    pods = any(isinstance(place, PodShare) for place in shown.values())
    table = Cells(
        what,
        ("name", "attempts", "share", "expected", "from", "to",
         *(("busy", "implied") if pods else ())),
        [_cells(name, place, total, pods) for name, place in listed.items()],
        note=f"{count(more)} more are in summary.json." if more else "",
    )  # fmt: skip
    return Chart(
        what, says, table, charts.spec(_drawing(rows), says, 26 * len(rows) + 20), note=note
    )


def _drawing(rows: list[dict[str, Any]]) -> Any:
    ends = [row[key] for row in rows for key in ("share", "low", "high") if row[key] is not None]
    x = alt.Scale(domain=[min(ends), max(ends)], nice=True, zero=False)
    y = alt.Y("name:N", sort=[row["name"] for row in rows], title=None)
    tooltip = [
        alt.Tooltip("name:N"), alt.Tooltip("number:N", title="attempts"),
        alt.Tooltip("share:Q", format=".2%"), alt.Tooltip("expected:N"),
    ]  # fmt: skip
    made = alt.Chart(charts.data(rows))
    axis = alt.Axis(format="~%", title="share of the attempts", labelOverlap=True)
    bands = made.mark_bar(color=charts.BAND, height=14, minBandSize=2).encode(
        alt.X("low:Q", scale=x, axis=axis), alt.X2("high:Q"), y, tooltip=tooltip
    )
    dots = made.mark_point(color=charts.ACCENT, filled=True, size=70, opacity=1).encode(
        alt.X("share:Q", scale=x, axis=axis), y, tooltip=tooltip
    )
    return alt.layer(bands, dots)


def _row(name: str, place: Share, total: int) -> dict[str, Any]:
    expected = place.expected_share
    low, high = (None, None) if expected is None else band(expected, total)
    return {
        "name": name, "number": count(place.requests), "share": place.share,
        "expected": percent(expected), "low": low, "high": high,
    }  # fmt: skip


def _cells(name: str, place: Share, total: int, pods: bool) -> tuple[str, ...]:
    expected = place.expected_share
    ends = (None, None) if expected is None else band(expected, total)
    cells = (
        name, count(place.requests), percent(place.share), percent(expected), *map(percent, ends)
    )  # fmt: skip
    if pods and isinstance(place, PodShare):
        return *cells, percent(place.utilisation), percent(place.implied_utilisation)
    return cells


def _farthest(places: Mapping[str, Share], total: int) -> dict[str, Share]:
    """Those to draw, in their order."""
    if len(places) <= _MOST_DRAWN:
        return dict(places)

    def distance(name: str) -> float:
        place = places[name]
        return -abs(place.share - (place.expected_share or 0.0))

    chosen = set(sorted(places, key=distance)[:_MOST_DRAWN])
    return {name: place for name, place in places.items() if name in chosen}


def _says(what: str, places: Mapping[str, Share], total: int) -> str:
    most = max(places, key=lambda name: places[name].requests)
    least = min(places, key=lambda name: places[name].requests)
    return (
        f"{what}: {count(total)} attempts on {count(len(places))}; most on {most}, "
        f"{percent(places[most].share)}; least on {least}, {percent(places[least].share)}."
    )
