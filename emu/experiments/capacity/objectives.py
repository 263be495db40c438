"""Service-level objectives, as ``p99<250ms and errors<0.1%``: what a run has to meet.

=================================  ==========================================  ============
measure                            meaning                                     bound
=================================  ==========================================  ============
``p50 p90 p95 p99 p99.9 mean max`` latency of the requests that ended ok       ``250ms``
``errors``                         failed / (ok + failed), of the whole run    ``0.1%``
``rate``                           requests that ended ok, per second          ``500/s``
``busy``                           share of its workers' time that the         ``80%``
                                   busiest Pod spent serving
=================================  ==========================================  ============

Comparisons are ``<``, ``<=``, ``>`` and ``>=``; ``and`` or a comma joins objectives, all of which
have to be met. Latencies and ``rate`` leave out the warm-up.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from emu.analysis.metrics import METRICS, OBJECTIVES, Metric
from emu.errors import Mistake, ScenarioError, UnknownNameError
from emu.scenario.text import printable
from emu.units import SECOND, parse_duration, parse_fraction, parse_rate

_TERM: Final = re.compile(r"\s*([A-Za-z][\w.]*)\s*(<=|>=|<|>)\s*(\S+)\s*")
_JOINED: Final = re.compile(r"\s+and\s+|,")


def _by_words() -> dict[str, Metric]:
    """The metrics under the words that objectives have for them."""
    known = {metric.words.removeprefix("latency "): metric for metric in (*METRICS, *OBJECTIVES)}
    known |= {"rate": known["ok per second"], "busy": known["busiest Pod"]}
    words = ("p50", "p90", "p95", "p99", "p99.9", "mean", "max", "errors", "rate", "busy")
    return {word: known[word]._replace(words=word) for word in words}


MEASURES: Final = _by_words()
"""What an objective may be about, by the word for it."""

_PARSERS: Final[dict[str, Callable[[str], float]]] = {
    "s": lambda text: parse_duration(text) / SECOND,
    "share": parse_fraction,
    "1/s": parse_rate,
}


class Objective(NamedTuple):
    """A bound that a metric of a run has to keep: ``text`` is how it was written, in one form."""

    metric: Metric
    comparison: str
    bound: float
    """In the metric's unit."""
    text: str

    def margin(self, value: float) -> float:
        """By how much a value is on the right side of the bound; below 0 on the wrong one."""
        return self.bound - value if self.comparison.startswith("<") else value - self.bound

    def is_met(self, margin: float) -> bool:
        """Whether a value with this margin meets the objective."""
        return margin > 0 or (margin == 0 and self.comparison.endswith("="))


def parse_objectives(text: str) -> tuple[Objective, ...]:
    """The objectives in a text. Raises ScenarioError, and UnknownNameError for a measure."""
    terms = _JOINED.split(text.strip())
    mistakes: list[Mistake] = []
    found = [objective for term in terms for objective in _objective(term, mistakes)]
    if mistakes:
        raise ScenarioError(mistakes)
    return tuple(found)


def _objective(term: str, mistakes: list[Mistake]) -> Iterator[Objective]:
    parts = _TERM.fullmatch(term)
    if parts is None:
        mistakes.append(_mistake(term, "must be MEASURE<BOUND, as in p99<250ms and errors<0.1%"))
        return
    measure, comparison, bound = parts.groups()
    if measure not in MEASURES:
        raise UnknownNameError("measure", measure, MEASURES)
    metric = MEASURES[measure]
    try:
        value = _PARSERS[metric.unit](bound)
    except ValueError as error:
        mistakes.append(_mistake(term, str(error)))
        return
    yield Objective(metric, comparison, value, f"{measure} {comparison} {bound}")


def _mistake(term: str, rule: str) -> Mistake:
    return Mistake("slo", 0, printable(term.strip()), "", rule)
