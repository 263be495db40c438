"""How the latencies of a run are spread, in total and by hop: `LogEven` for each of `SERIES`."""

from collections.abc import Iterable

from emu.analysis.latency import SERIES, durations
from emu.analysis.log_even import LogEven
from emu.analysis.reading import Chunk, Requests


class Spread:
    """Latencies of the requests that ended ``ok`` and were meant to be sent after the warm-up."""

    def __init__(self, names: Iterable[str] = SERIES) -> None:
        self.series = {name: LogEven() for name in names}
        needed = {"outcome", "intended_ns"}
        for name in self.series:
            starts, end = SERIES[name]
            needed |= {*starts, end}
        self.columns = tuple(sorted(needed))

    def add(self, chunk: Chunk, requests: Requests) -> None:
        """Count the next rows."""
        counts = chunk["outcome"] == requests.code("outcome", "ok")
        counts &= chunk["intended_ns"] >= requests.header.expected.warmup_ns
        counted = {name: chunk[name][counts] for name in self.columns}
        for name, one in self.series.items():
            one.add(durations(counted, *SERIES[name]))
