"""Numbers with intervals in words: the unit that suits them, as many digits as the interval earns.

``144 ms`` and ``140 to 148``: of the half width one digit is shown, or two where the first is 1 or
2, and the mean ends where it does.
"""

import math
from typing import Final, NamedTuple

from emu.analysis.comparison import Difference, Estimate, Verdict
from emu.analysis.metrics import Metric
from emu.report.words import NOTHING

_SECONDS: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
_MOST_DECIMALS: Final = 4
_FINEST: Final = 8


class Scale(NamedTuple):
    """How numbers that belong together are written."""

    factor: float
    suffix: str
    decimals: int

    def number(self, value: float) -> str:
        """The number alone; what rounds to 0 has no sign."""
        text = f"{value * self.factor:,.{self.decimals}f}"
        return text.removeprefix("-") if not text.strip("-0.") else text

    def finer_than(self, value: float) -> "Scale":
        """With so many decimals more that the value, unless it is 0, does not look like 0."""
        decimals = self.decimals
        while decimals < _FINEST and round(value * self.factor, decimals) == 0 != value:
            decimals += 1
        return self._replace(decimals=decimals)

    def with_unit(self, value: float) -> str:
        """The number with its unit."""
        return f"{self.number(value)}{self.suffix}"


def scale_of(metric: Metric, found: Estimate, is_difference: bool = False) -> Scale:
    """The scale for a mean and its interval; differences of shares are in percentage points."""
    ends = [abs(value) for value in (found.mean, found.low, found.high) if value is not None]
    largest = max(ends, default=0.0)
    if metric.unit == "s":
        unit, suffix = next(
            ((unit, suffix) for unit, suffix in _SECONDS if largest >= 0.9995 * unit), _SECONDS[-1]
        )
        factor, suffix = 1 / unit, f" {suffix}"
    else:
        points = " points" if is_difference else " %"
        factor, suffix = {
            "share": (100.0, points), "1/s": (1.0, "/s"), "ratio": (1.0, ""),
        }[metric.unit]  # fmt: skip
    half = (found.high - found.low) / 2 if found.high is not None and found.low is not None else 0.0
    return Scale(factor, suffix, _decimals(half * factor, largest * factor))


def _decimals(half: float, largest: float) -> int:
    """As many as the half width earns, or where there is none, three digits of the number."""
    if half > 1e-9 * largest:
        power = math.floor(math.log10(half))
        digits = 2 if half < 3 * 10.0**power else 1
        return min(_MOST_DECIMALS, max(0, digits - 1 - power))
    return min(_MOST_DECIMALS, max(0, 2 - math.floor(math.log10(largest)))) if largest > 0 else 0


def mean(metric: Metric, found: Estimate) -> str:
    """``144.2 ms``."""
    if found.mean is None:
        return NOTHING
    scale = scale_of(metric, found)
    return scale.with_unit(found.mean) if found.mean else f"0{scale.suffix}"


def interval(metric: Metric, found: Estimate) -> str:
    """``140.1 to 148.3``, in the unit of the mean."""
    return _ends(scale_of(metric, found), found.low, found.high)


def change(metric: Metric, found: Difference) -> tuple[str, str]:
    """A difference in words, and its interval: ``lower by 12.3 ms`` and ``11.0 to 13.6``.

    What is lower is told in positive numbers. The interval is empty where there is none, or
    nothing to say with it.
    """
    scale = scale_of(metric, found, is_difference=True)
    if found.low is not None and found.high is not None:
        scale = scale.finer_than(min(found.low, found.high, key=abs))
    if found.mean is None:
        return "unknown", ""
    if found.verdict == Verdict.EQUAL:
        return "none in any replication", ""
    if found.verdict == Verdict.NOT_SHOWN:
        return "none shown", f"{_ends(scale, found.low, found.high)}{scale.suffix}"
    if found.mean == 0:
        return "none", ""
    word, sign = ("lower", -1) if found.mean < 0 else ("higher", 1)
    said = f"{word} by {scale.with_unit(abs(found.mean))}"
    if found.low is None or found.high is None:
        return said, ""
    return said, _ends(scale, *sorted((sign * found.low, sign * found.high)))


def sentence(metric: Metric, found: Difference, confidence: float) -> str:
    """The verdict by itself: ``latency p99 lower by 12.3 ms, 95 % interval 11.0 to 13.6``."""
    said, ends = change(metric, found)
    if not said.startswith(("lower", "higher")):
        said = ": " + said.replace("none", "no difference")
    else:
        said = f" {said}"
    if ends:
        return f"{metric.words}{said}, {confidence * 100:g} % interval {ends}"
    alone = found.verdict == Verdict.UNKNOWN and found.replications == 1
    return f"{metric.words}{said}" + (", no interval from one replication" if alone else "")


def _ends(scale: Scale, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return NOTHING
    return f"{scale.number(low)} to {scale.number(high)}"
