"""How the latencies of a run are spread, in total and by hop: `LogEven` for each of `SERIES`."""

from typing import Final

from emu.analysis.latency import SERIES, durations
from emu.analysis.log_even import LogEven
from emu.analysis.reading import Chunk, Requests


class Spread:
    """Latencies of the requests that ended ``ok`` and were meant to be sent after the warm-up."""

    columns: Final = tuple(
        sorted(
            {"outcome", "intended_ns"}
            | {column for starts, end in SERIES.values() for column in (*starts, end)}
        )
    )

    def __init__(self) -> None:
        self.series = {name: LogEven() for name in SERIES}

    def add(self, chunk: Chunk, requests: Requests) -> None:
        """Count the next rows."""
        counts = chunk["outcome"] == requests.code("outcome", "ok")
        counts &= chunk["intended_ns"] >= requests.header.expected.warmup_ns
        counted = {name: chunk[name][counts] for name in self.columns}
        for name, one in self.series.items():
            one.add(durations(counted, *SERIES[name]))
