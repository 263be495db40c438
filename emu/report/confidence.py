"""How sure a run's latencies are, for a terminal: two lines below them, and what is not said."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from emu.analysis.batch_means import FEWEST_BATCHES, FEWEST_REQUESTS, Interval, Problem
from emu.analysis.intervals import Intervals
from emu.report.words import count, seconds

_WHY = {
    Problem.NO_REQUESTS: "of which there is nothing",
    Problem.FEW_BATCHES: f"for fewer than {FEWEST_BATCHES} of its batches are whole",
    Problem.FEW_REQUESTS: f"with fewer than {FEWEST_REQUESTS} ok requests in a batch",
    Problem.RARE: "for too few of the batches have such requests",
    Problem.DEPENDENT: "for batches that follow one another are alike: the run is too short, or the"
    " load or the queues grow",
}


def ends(intervals: Intervals, names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """The lower and the upper ends of these numbers, as rows of a table."""
    wanted = list(names)
    found = [intervals.latency_seconds.get(name, Interval()) for name in wanted]
    if any(one.low is not None for one in found):
        yield "at least", [seconds(one.low) if one.low is not None else "" for one in found]
        yield "at most", [seconds(one.high) if one.high is not None else "" for one in found]


def caveats(intervals: Intervals) -> Text:
    """What the intervals are, and which numbers are not to be trusted, and why."""
    lines = []
    if any(one.low is not None for one in intervals.latency_seconds.values()):
        share = f"{intervals.confidence * 100:g} %"
        lines.append(f"{share} intervals, from {count(intervals.batches)} batches of the run")
    for problem, names in _without(intervals).items():
        lines.append(f"not to be trusted: {', '.join(names)}, {_WHY[problem]}")
    return Text("\n".join(lines), "dim")


def _without(intervals: Intervals) -> dict[Problem, list[str]]:
    """The latencies that have no interval, by what is the matter."""
    found: dict[Problem, list[str]] = {}
    for name, one in intervals.latency_seconds.items():
        if one.problem is not None and one.problem != Problem.NO_REQUESTS:
            found.setdefault(one.problem, []).append(name)
    return found
