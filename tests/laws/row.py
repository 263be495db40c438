"""One line of the page: what a law says of a case, and what the replications of a run say."""

from collections.abc import Iterable
from enum import Enum
from statistics import fmean, stdev
from typing import NamedTuple

from emu.analysis.students_t import reach

SHOWN = 0.95
"""The confidence of the interval that is shown."""
JUDGED = 0.999
"""The confidence of the interval that decides: a page of a hundred rows in ten would miss one."""


class Claim(Enum):
    """What a law says of a number."""

    IS = ""
    IS_EXACTLY = "exactly "
    IS_AT_LEAST = "at least "
    IS_AT_MOST = "at most "


class Row(NamedTuple):
    """A claim about a case, and the numbers of independent replications of it."""

    case: str
    expected: float
    values: tuple[float, ...]
    claim: Claim = Claim.IS

    def reach(self, confidence: float) -> float:
        """How far Student's interval goes either way."""
        count = len(self.values)
        return float(reach(confidence, count - 1) * stdev(self.values) / count**0.5)

    @property
    def mean(self) -> float:
        """What is observed."""
        return fmean(self.values)

    @property
    def holds(self) -> bool:
        """Whether the law holds here, as far as the replications can tell."""
        if self.claim == Claim.IS_EXACTLY:
            return all(value == self.expected for value in self.values)
        off, half = self.mean - self.expected, self.reach(JUDGED)
        if self.claim == Claim.IS_AT_LEAST:
            return off >= half
        if self.claim == Claim.IS_AT_MOST:
            return off <= -half
        return abs(off) <= half

    @property
    def is_within(self) -> bool:
        """Whether the interval that is shown holds what is expected."""
        return abs(self.mean - self.expected) <= self.reach(SHOWN)

    def cells(self) -> tuple[str, ...]:
        """The row as the page has it."""
        half = self.reach(SHOWN)
        return (
            self.case,
            f"{self.claim.value}{number(self.expected)}",
            number(self.mean),
            f"{number(self.mean - half)} to {number(self.mean + half)}",
            "holds" if self.holds else "**does not hold**",
        )


def row(case: str, expected: float, values: Iterable[float], claim: Claim = Claim.IS) -> Row:
    """A row of these values, one of each replication."""
    return Row(case, expected, tuple(float(value) for value in values), claim)


def number(value: float) -> str:
    """Four decimals, as the sources of the laws have them; whole numbers as they are."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.4f}" if abs(value) >= 0.01 else f"{value:.2e}"
