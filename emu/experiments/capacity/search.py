"""Where a sequence of values begins or ceases to meet the objectives, by bisection.

It is taken for granted that along the sequence they are met from some value on, or up to one; which
of the two, the ends tell. A value that cannot be told from the bound counts as one that does not
meet them, so the answer is on the safe side; how far the doubt reaches is found in the same way.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What the replications say of a value."""

    MEETS = "meets"
    """All objectives are surely met."""
    FAILS = "fails"
    """One of them is surely not met."""
    UNDECIDED = "undecided"
    """The intervals hold a bound after as many replications as there may be."""


class Found(NamedTuple):
    """Places in the sequence; None where there is none.

    ``answer`` is the last place, seen from the end that meets the objectives, that surely does.
    ``fails`` is the nearest place beyond that surely does not; those between are undecided.
    ``least`` says that the answer is the least of the values that will do, and not the greatest.
    """

    answer: int | None
    fails: int | None
    least: bool = True


def search(count: int, judge: Callable[[list[int]], list[Verdict]]) -> Found:
    """Search ``count`` places; ``judge`` gives the verdicts of some of them, made at once."""
    ends = [0, count - 1] if count > 1 else [0]
    verdicts = judge(ends)
    first, last = verdicts[0], verdicts[-1]
    if first != Verdict.MEETS and last != Verdict.MEETS:
        return Found(None, _first_failing(ends, verdicts))
    if first == last:
        return Found(0, None)
    good, bad = (ends[1], ends[0]) if last == Verdict.MEETS else (ends[0], ends[1])
    known = dict(zip(ends, verdicts, strict=True))

    def halve(inside: int, outside: int, wanted: Callable[[Verdict], bool]) -> tuple[int, int]:
        """The neighbours at which what is wanted ceases, between a place that is and one not."""
        while abs(inside - outside) > 1:
            middle = (inside + outside) // 2
            if middle not in known:
                known[middle] = judge([middle])[0]
            if wanted(known[middle]):
                inside = middle
            else:
                outside = middle
        return inside, outside

    answer, beside = halve(good, bad, lambda verdict: verdict == Verdict.MEETS)
    fails: int | None = beside
    if known[beside] == Verdict.UNDECIDED:
        fails = _nearest_failing(known, answer, bad)
        if fails is not None:
            fails, _ = halve(fails, beside, lambda verdict: verdict == Verdict.FAILS)
    return Found(answer, fails, least=good > bad)


def _nearest_failing(known: dict[int, Verdict], answer: int, bad: int) -> int | None:
    """The failing place nearest to the answer, on the side of the end that does not meet."""
    side = [
        place
        for place, verdict in known.items()
        if verdict == Verdict.FAILS and (place < answer) == (bad < answer)
    ]
    return min(side, key=lambda place: abs(place - answer), default=None)


def _first_failing(ends: list[int], verdicts: list[Verdict]) -> int | None:
    """An end that surely fails, the far one first."""
    failing = [end for end, verdict in zip(ends, verdicts, strict=True) if verdict == Verdict.FAILS]
    return failing[-1] if failing else None
