"""What a search for capacity has found, in sentences."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from emu.analysis.bottleneck import Bottleneck
from emu.analysis.comparison import Estimate
from emu.analysis.summary import Summary
from emu.experiments.capacity.bounds import Bounds
from emu.experiments.capacity.objectives import MEASURES, Objective
from emu.experiments.capacity.search import Found
from emu.experiments.varying import written
from emu.report.intervals import mean

if TYPE_CHECKING:
    from emu.experiments.capacity.result import Tried


def answer_in_words(
    found: Found, values: Sequence[Any], tried: Sequence["Tried"], confidence: float
) -> str:
    """The answer with its confidence, and what could not be told."""
    surely = f"with {confidence * 100:g} % confidence"
    if found.answer is None:
        failing = found.fails is not None
        told = "surely does not" if failing else "cannot be told from the bound"
        end = values[found.fails] if found.fails is not None else values[-1]
        return f"No value of the range surely meets the objectives; {written(end)} {told}."
    answer = written(values[found.answer])
    if len({one.judgement.verdict for one in tried}) == 1:
        return f"Every value tried meets the objectives, {surely}: the range is too narrow."
    step = -1 if found.least else 1
    between = [
        written(values[place])
        for place in range(found.answer + step, _end(found, values, step), step)
    ]
    said = f"{answer} is {'enough' if found.least else 'held'}"
    fails = "" if found.fails is None else written(values[found.fails])
    if not between:
        return f"{said} and {fails} is not, {surely}."
    doubt = between[0] if len(between) == 1 else f"{between[0]} to {between[-1]}"
    more = f"; {fails} is not" if fails else ""
    return f"{said}, {surely}; {doubt} cannot be told from the bound{more}."


def _end(found: Found, values: Sequence[Any], step: int) -> int:
    if found.fails is not None:
        return found.fails
    return len(values) if step > 0 else -1


def headroom_in_words(
    answer: str, objectives: Sequence[Objective], intervals: Sequence[Estimate],
    runs: Sequence[Summary],
) -> str:  # fmt: skip
    """How far each objective is from its bound, and how busy the busiest Pod is."""
    parts = []
    for objective, found in zip(objectives, intervals, strict=True):
        if found.mean is None:
            continue
        number = mean(objective.metric, found)
        parts.append(f"{objective.metric.words} {number}{_room(objective, found.mean)}")
    busy = [value for run in runs if (value := MEASURES["busy"].of(run)) is not None]
    if busy:
        parts.append(f"the busiest Pod is busy for {sum(busy) / len(busy) * 100:.0f} %")
    return f"Headroom at {answer}: {'; '.join(parts)}."


def _room(objective: Objective, mean: float) -> str:
    """How far from the bound, as a share of it."""
    if not objective.bound or not mean:
        return ""
    side = "below" if mean < objective.bound else "above"
    return f", {abs(mean / objective.bound - 1) * 100:.0f} % {side} its bound"


def bounds_in_words(
    bounds: Bounds, found: Found, values: Sequence[Any], bottleneck: Bottleneck | None
) -> str:
    """What formulas would choose, and why the runs say something else where they do."""
    if bounds.why:
        return f"No formula to hold it against: {bounds.why}."
    shared, random = (
        "no value of the range" if place is None else written(values[place])
        for place in (bounds.shared, bounds.random)
    )
    said = f"Erlang C: {shared} with one queue for all Pods, {random} with Pods chosen at random."
    if found.answer is None or bounds.shared is None:
        return said
    return f"{said} {_why(bounds, found, bottleneck)}".strip()


def _why(bounds: Bounds, found: Found, bottleneck: Bottleneck | None) -> str:
    """Where the bound that the runs show is not between the two, what may make it so."""
    assert found.answer is not None and bounds.shared is not None
    sign = 1 if found.least else -1
    if sign * found.answer < sign * bounds.shared:
        return (
            f"The runs {'need less' if found.least else 'hold more'} than that: they may be too"
            " short to see long queues, or requests that failed are not in the latency."
        )
    if found.fails is None or bounds.random is None:
        return ""
    if sign * found.fails < sign * bounds.random:
        return ""
    more = f"The runs {'need more' if found.least else 'hold less'}"
    if bottleneck is not None and bottleneck.part not in ("CPU", "queue"):
        return f"{more}: the formulas know Pods alone, and {bottleneck.part} gives way."
    return (
        f"{more}: connections, or rules that favour some Pods, load them less evenly than chance,"
        " or another objective than latency decides."
    )
