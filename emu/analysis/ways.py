"""Which way the attempts of a run took: from client to load balancer, to node, to Pod.

Of large clusters the places that got most are counted by themselves and the others together.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.analysis.reading import Chunk, Requests
from emu.recorder.rows import ABSENT

STAGES: Final[dict[str, str]] = {
    "client": "sent_ns",
    "load_balancer": "lb_ns",
    "node": "node_ns",
    "pod": "pod_ns",
}
"""The places on the way, in order, each with the moment at which an attempt was there."""

Place = tuple[str, str]
"""A stage, and a name in it; `others` stands for all that have no name of their own."""


def others(stage: str) -> Place:
    """All the places of a stage that are not told apart."""
    return stage, ""


class Way(NamedTuple):
    """So many attempts went from one place to the next, and how long it took those that came."""

    source: Place
    target: Place
    attempts: int
    mean_ns: float | None


class Ways:
    """Counts attempts whose requests were meant to be sent after the warm-up.

    ``named`` has, for each stage, the places that are told apart.
    """

    columns: Final = (
        "intended_ns", *STAGES, *STAGES.values(),
    )  # fmt: skip

    def __init__(self, named: Mapping[str, Iterable[str]]) -> None:
        self._named = {stage: list(names) for stage, names in named.items()}
        self._counts: dict[tuple[Place, Place], int] = {}
        self._timed: dict[tuple[Place, Place], int] = {}
        self._totals: dict[tuple[Place, Place], float] = {}
        self.at: dict[Place, int] = {}
        """Attempts that were meant for each place; of clients, that they sent."""

    @property
    def found(self) -> list[Way]:
        """All ways that were gone, stage by stage, in the order of the names."""
        ways = [
            Way(*pair, count, self._totals[pair] / self._timed[pair] if self._timed[pair] else None)
            for pair, count in self._counts.items()
        ]
        return sorted(ways, key=lambda way: (self._rank(way.source), self._rank(way.target)))

    def places(self, stage: str) -> list[Place]:
        """The places of a stage that got attempts, the others last."""
        return sorted((place for place in self.at if place[0] == stage), key=self._rank)

    def _rank(self, place: Place) -> tuple[int, int]:
        names = self._named[place[0]]
        return list(STAGES).index(place[0]), names.index(place[1]) if place[1] else len(names)

    def add(self, chunk: Chunk, requests: Requests) -> None:
        """Count the next rows."""
        counted = chunk["intended_ns"] >= requests.header.expected.warmup_ns
        rows = {name: chunk[name][counted] for name in self.columns}
        groups = {stage: self._groups(stage, rows[stage], requests) for stage in STAGES}
        for stage, group in groups.items():
            for number, count in _counted(group):
                place = self._place(stage, number)
                self.at[place] = self.at.get(place, 0) + count
        stages = list(STAGES)
        for later, target in enumerate(stages[1:], start=1):
            gone = groups[target] == ABSENT
            for source in reversed(stages[:later]):
                here = ~gone & (groups[source] != ABSENT)
                self._pairs(source, target, here, groups, rows)
                gone |= here

    def _groups(
        self, stage: str, codes: NDArray[np.int64], requests: Requests
    ) -> NDArray[np.int64]:
        """Of each row the number of its place among the named ones, their number for another."""
        named = self._named[stage]
        place = {name: number for number, name in enumerate(named)}
        names = requests.names.get(stage, [])
        table = np.array([*(place.get(name, len(named)) for name in names), ABSENT], np.int64)
        return table[codes]  # ABSENT, which is -1, finds the last

    def _place(self, stage: str, number: int) -> Place:
        named = self._named[stage]
        return (stage, named[number]) if number < len(named) else others(stage)

    def _pairs(
        self,
        source: str,
        target: str,
        here: NDArray[np.bool_],
        groups: Mapping[str, NDArray[np.int64]],
        rows: Chunk,
    ) -> None:
        """Count the rows that went straight from one stage to the other."""
        if not here.any():
            return
        width = len(self._named[target]) + 1
        keys = groups[source][here] * width + groups[target][here]
        start, end = rows[STAGES[source]][here], rows[STAGES[target]][here]
        timed = (start != ABSENT) & (end != ABSENT)
        counts = np.bincount(keys)
        of_timed = np.bincount(keys[timed], minlength=len(counts))
        totals = np.bincount(keys[timed], (end - start)[timed], minlength=len(counts))
        for key in np.flatnonzero(counts).tolist():
            pair = self._place(source, key // width), self._place(target, key % width)
            self._counts[pair] = self._counts.get(pair, 0) + int(counts[key])
            self._timed[pair] = self._timed.get(pair, 0) + int(of_timed[key])
            self._totals[pair] = self._totals.get(pair, 0.0) + float(totals[key])


def _counted(groups: NDArray[np.int64]) -> list[tuple[int, int]]:
    """How often each group other than ABSENT is there."""
    counts = np.bincount(groups[groups != ABSENT])
    return [(number, int(counts[number])) for number in np.flatnonzero(counts).tolist()]
