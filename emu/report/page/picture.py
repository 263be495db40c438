"""The way of the requests as a picture: clients, load balancers, nodes and Pods, drawn as SVG."""

from typing import Final

from markupsafe import Markup

from emu.analysis.ways import STAGES, Place, Way, Ways
from emu.report.page.gathering import Gathered
from emu.report.page.parts import Cells, Chart, Section
from emu.report.words import NOTHING, count, percent, seconds
from emu.units import SECOND

_WIDTH: Final = 1000
_BOX: Final = (156, 46)
_GAP: Final = 18
_WIDE_GAP: Final = 56
"""Between the boxes of few, so that there is room for labels."""
_FEW: Final = 3
_HEAD: Final = 30
_MOST_LABELS: Final = 4
_NAMES: Final = {
    "client": "clients", "load_balancer": "load balancers", "node": "nodes", "pod": "Pods",
}  # fmt: skip
_LETTERS: Final = 20
"""So many letters of a name go into a box."""


def section(run: Gathered) -> Section | None:
    """Drawn from the rows; None where there are none."""
    if run.rows is None or not run.rows.ways.at:
        return None
    ways = run.rows.ways
    total = sum(ways.at[place] for place in ways.places("client"))
    of = "attempts" if run.summary.log == "requests" else "attempts of the sample"
    says = f"The way of {count(total)} {of}: " + "; ".join(
        f"{_count_of(ways, stage)}" for stage in STAGES if ways.places(stage)
    )
    note = "Shares are of all attempts after the warm-up, times are means."
    lost = [
        f"{count(total - ways_at)} did not come to {_NAMES[stage]}"
        for stage in ("pod",)
        if (ways_at := sum(ways.at[place] for place in ways.places(stage))) < total
    ]
    note += f" {'; '.join(lost)}." if lost else ""
    drawn = _Drawing(run, ways, total)
    return Section(
        "way",
        "The way",
        [Chart("", says + ".", _table(ways, total), svg=drawn.svg(says), note=note)],
    )


def _count_of(ways: Ways, stage: str) -> str:
    places = ways.places(stage)
    most = max(places, key=lambda place: ways.at[place])
    return f"{_NAMES[stage]} {', '.join(_name(place) for place in places[:3])}" + (
        f" and others, most on {_name(most)}" if len(places) > 3 else ""
    )


def _name(place: Place) -> str:
    return place[1] or "others"


def _table(ways: Ways, total: int) -> Cells:
    return Cells(
        "Attempts from place to place",
        ("from", "to", "attempts", "share", "mean time"),
        [
            (
                *(_name(place) for place in (way.source, way.target)),
                count(way.attempts),
                percent(way.attempts / total),
                _mean(way),
            )
            for way in ways.found
        ],
        names=2,
    )


def _mean(way: Way) -> str:
    return NOTHING if way.mean_ns is None else seconds(way.mean_ns / SECOND)


class _Drawing:
    """Boxes in a column for each stage, and ways between them as wide as their share."""

    def __init__(self, run: Gathered, ways: Ways, total: int) -> None:
        self._run, self._ways, self._total = run, ways, total
        self._stages = [stage for stage in STAGES if ways.places(stage)]
        tallest = max(len(ways.places(stage)) for stage in self._stages)
        self._gap = _WIDE_GAP if tallest <= _FEW else _GAP
        self._height = _HEAD + tallest * (_BOX[1] + self._gap)
        self._places = {
            place: self._place(number, row, len(ways.places(stage)))
            for number, stage in enumerate(self._stages)
            for row, place in enumerate(ways.places(stage))
        }

    def _place(self, column: int, row: int, rows: int) -> tuple[float, float]:
        """The upper left corner of a box."""
        apart = (_WIDTH - _BOX[0]) / max(1, len(self._stages) - 1)
        middle = _HEAD + (self._height - _HEAD) / 2
        top = middle - (rows * (_BOX[1] + self._gap) - self._gap) / 2
        return column * apart, top + row * (_BOX[1] + self._gap)

    def svg(self, says: str) -> str:
        parts = [
            Markup(
                '<svg class="way" role="img" aria-label="{}" viewBox="-2 0 {} {}" '
                'preserveAspectRatio="xMinYMin">'
            ).format(says, _WIDTH + 4, round(self._height))
        ]
        for number, stage in enumerate(self._stages):
            x, _ = self._place(number, 0, 1)
            parts.append(
                Markup('<text class="stage" x="{:.0f}" y="16">{}</text>').format(
                    x + _BOX[0] / 2, _NAMES[stage]
                )
            )
        found = self._ways.found
        parts += [self._line(way) for way in found]
        parts += [self._box(place) for place in self._places]
        parts += [self._label(way) for way in found if self._is_labelled(way)]
        return str(Markup("").join([*parts, Markup("</svg>")]))

    def _ends(self, way: Way) -> tuple[float, float, float, float]:
        (x0, y0), (x1, y1) = self._places[way.source], self._places[way.target]
        return x0 + _BOX[0], y0 + _BOX[1] / 2, x1, y1 + _BOX[1] / 2

    def _line(self, way: Way) -> Markup:
        x0, y0, x1, y1 = self._ends(way)
        bend = (x1 - x0) / 2
        width = max(1.0, 14 * way.attempts / self._total)
        return Markup(
            '<path class="edge" stroke-width="{:.1f}" '
            'd="M{:.0f} {:.1f} C{:.0f} {:.1f} {:.0f} {:.1f} {:.0f} {:.1f}"><title>{}</title></path>'
        ).format(width, x0, y0, x0 + bend, y0, x1 - bend, y1, x1, y1, self._words(way))

    def _words(self, way: Way) -> str:
        share = percent(way.attempts / self._total)
        return f"{_name(way.source)} to {_name(way.target)}: {share}, {_mean(way)}"

    def _is_labelled(self, way: Way) -> bool:
        stages = way.source[0], way.target[0]
        beside = [one for one in self._ways.found if (one.source[0], one.target[0]) == stages]
        crossing = all(len(self._ways.places(stage)) > 1 for stage in stages)
        return len(beside) <= (_MOST_LABELS if crossing else 2 * _MOST_LABELS)

    def _label(self, way: Way) -> Markup:
        """Where ways that fan out or cross are apart: of those to one place or from one near the
        many, else level ones outside, in the middle, and crossing ones near where they begin.
        """
        x0, y0, x1, y1 = self._ends(way)
        at, aside = 0.5, -3
        sources, targets = (self._ways.places(place[0]) for place in (way.source, way.target))
        if len(sources) == 1 or len(targets) == 1:
            at = 0.5 if len(sources) == len(targets) else 0.62 if len(sources) == 1 else 0.38
        elif abs(y1 - y0) > 1:
            at = 0.25
        else:
            aside = -17 if way.target == targets[0] else 13
        x = x0 + (x1 - x0) * _along(at)
        y = y0 + (y1 - y0) * (3 * at**2 - 2 * at**3)
        return Markup(
            '<text class="label" x="{:.0f}" y="{:.1f}">{}'
            '<tspan x="{:.0f}" dy="13">{}</tspan></text>'
        ).format(x, y + aside, percent(way.attempts / self._total), x, _mean(way))

    def _box(self, place: Place) -> Markup:
        x, y = self._places[place]
        name = _name(place)
        short = name if len(name) <= _LETTERS else f"…{name[1 - _LETTERS :]}"
        return Markup(
            '<g class="box"><rect x="{:.0f}" y="{:.1f}" width="{}" height="{}" rx="6"/>'
            '<title>{}</title><text x="{:.0f}" y="{:.1f}">{}</text>'
            '<text class="small" x="{:.0f}" y="{:.1f}">{}</text></g>'
        ).format(
            x, y, *_BOX, name, x + _BOX[0] / 2, y + 20, short, x + _BOX[0] / 2, y + 37,
            self._under(place),
        )  # fmt: skip

    def _under(self, place: Place) -> str:
        share = percent(self._ways.at[place] / self._total)
        pod = self._run.summary.pods.get(place[1]) if place[0] == "pod" else None
        if pod is None or pod.utilisation is None:
            return share
        return f"{share}, busy {percent(pod.utilisation)}"


def _along(at: float) -> float:
    """How far a way has come across at this part of it: its ends lie flat."""
    return 1.5 * at * (1 - at) ** 2 + 1.5 * at**2 * (1 - at) + at**3
