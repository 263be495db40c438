"""The latencies of a run as a histogram for a terminal, in 80 columns."""

from typing import Final

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from emu.analysis.latency import Latency
from emu.analysis.log_even import Bin, LogEven
from emu.report.tables import table
from emu.report.words import count, percent, seconds
from emu.units import SECOND

_MOST_BARS: Final = 24
_BAR_WIDTH: Final = 24
_QUANTILES: Final = ("p50", "p90", "p95", "p99", "p99_9")


def latency_plot(latency: Latency, spread: LogEven, share: float = 1.0) -> RenderableType:
    """A line for each bin up to the one that holds the p99.9, each as much longer than the one
    before, with the quantiles that lie in it; then what lies beyond.

    ``share`` is that of the requests which ``spread`` has.
    """
    bins = _bins(spread, latency)
    marks = _marks(latency, bins)
    most = max([one.number for one in bins] + [spread.zeros])
    made = table("Latency", "share")
    made.columns[0].no_wrap = True
    made.add_column(width=_BAR_WIDTH)
    made.add_column(style="bold", no_wrap=True)
    if spread.zeros:
        _add(made, "0 ns", spread.zeros, spread.count, most, "")
    for one in bins:
        _add(made, _words(one), one.number, spread.count, most, marks.get(one, ""))
    beyond = spread.count - spread.zeros - sum(one.number for one in bins)
    return Group(made, Text(_foot(spread, beyond, bins, latency, share), "dim"))


def _add(made: Table, words: str, number: int, of: int, most: int, marks: str) -> None:
    bar = Bar(most, 0, number, width=_BAR_WIDTH, color="cyan")
    made.add_row(words, percent(number / of), bar, marks)


def _bins(spread: LogEven, latency: Latency) -> list[Bin]:
    """Up to the one of the p99.9, as fine as the lines allow."""
    last = (latency.p99_9 or 0.0) * SECOND
    for per_doubling in (32, 16, 8, 4, 2, 1):
        bins = [one for one in spread.bins(per_doubling) if one.low <= last]
        if len(bins) <= _MOST_BARS:
            return bins
    return bins


def _marks(latency: Latency, bins: list[Bin]) -> dict[Bin, str]:
    """The quantiles that lie in each bin; what a rounding puts outside lies in the last."""
    found: dict[Bin, list[str]] = {}
    for name in _QUANTILES:
        value = (getattr(latency, name) or 0.0) * SECOND
        if not bins or value < bins[0].low:
            continue
        holder = next((one for one in bins if value < one.high), bins[-1])
        found.setdefault(holder, []).append(name.replace("_", "."))
    return {one: " ".join(names) for one, names in found.items()}


def _words(one: Bin) -> str:
    return f"{seconds(one.low / SECOND)} to {seconds(one.high / SECOND)}"


def _foot(spread: LogEven, beyond: int, bins: list[Bin], latency: Latency, share: float) -> str:
    of = "requests" if share == 1 else f"requests, a sample of {share * 100:g} %"
    words = f"{count(spread.count)} {of}"
    if beyond and bins:
        words += (
            f"; {count(beyond)} ({percent(beyond / spread.count)}) took "
            f"{seconds(bins[-1].high / SECOND)} or longer, the longest {seconds(latency.max)}"
        )
    return words
