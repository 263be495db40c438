"""How long the successful requests took, in total and hop by hop, in seconds.

Latency counts from the moment at which the client meant to send, not from when it could: a client
that waits for a slow system must not hide its slowness ("coordinated omission", Gil Tene).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from emu.analysis.order_statistics import OrderStatistics
from emu.analysis.reading import Chunk, Requests
from emu.recorder.rows import ABSENT
from emu.units import SECOND

TOTAL: Final = "total"
SERIES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    TOTAL: (("intended_ns",), "done_ns"),
    "dns": (("intended_ns",), "sent_ns"),
    "to_load_balancer": (("sent_ns",), "lb_ns"),
    "to_node": (("lb_ns", "sent_ns"), "node_ns"),
    "to_pod": (("node_ns", "lb_ns"), "pod_ns"),
    "queue": (("pod_ns",), "service_start_ns"),
    "service": (("service_start_ns",), "service_end_ns"),
    "return": (("service_end_ns",), "done_ns"),
}
"""Each series: the columns it starts at, the first that is there, and the column it ends at."""

_TOTAL_PERMILLES: Final = (500, 900, 950, 990, 999)
_HOP_PERMILLES: Final = (500, 990)


class Statistics(Protocol):
    """Of the durations of one series, in nanoseconds; how exact quantiles are, its maker says."""

    @property
    def count(self) -> int:
        """How many there are; the others hold where it is above 0."""

    @property
    def total(self) -> int:
        """Their sum."""

    @property
    def highest(self) -> int:
        """The largest."""

    def quantile(self, permille: int) -> int:
        """The quantile at ``permille`` / 1000."""


class HopLatency(BaseModel):
    """Seconds spent on one part of the way, over the requests that went it; None without any."""

    model_config = ConfigDict(frozen=True)

    count: int
    mean: float | None = None
    p50: float | None = None
    p99: float | None = None


class Latency(HopLatency):
    """Seconds from the intended to the last moment of a request; None without any request."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    p90: float | None = None
    p95: float | None = None
    p99_9: float | None = Field(
        default=None, validation_alias=AliasChoices("p99_9", "p99.9"), serialization_alias="p99.9"
    )
    max: float | None = None


def latencies(requests: Requests) -> tuple[Latency, dict[str, HopLatency]]:
    """Latency of the requests that ended ``ok`` and were meant to be sent after the warm-up.

    Where every request went the whole way, the means of the hops add up to the mean.
    """
    statistics = {
        name: OrderStatistics(_TOTAL_PERMILLES if name == TOTAL else _HOP_PERMILLES)
        for name in SERIES
    }
    while unfinished := {name: one for name, one in statistics.items() if one.unfinished}:
        for chunk in _successful(requests, _columns(unfinished)):
            for name, one in unfinished.items():
                one.add(durations(chunk, *SERIES[name]))
        for one in unfinished.values():
            one.end_pass()
    return latencies_of(statistics)


def latencies_of(statistics: Mapping[str, Statistics]) -> tuple[Latency, dict[str, HopLatency]]:
    """Latency in total and by hop, from the statistics of each of `SERIES`."""
    hops = {name: _hop(one) for name, one in statistics.items() if name != TOTAL}
    return _total(statistics[TOTAL]), hops


def _columns(names: Iterable[str]) -> set[str]:
    return {column for name in names for column in (*SERIES[name][0], SERIES[name][1])}


def _successful(requests: Requests, columns: set[str]) -> Iterator[Chunk]:
    """These columns of the requests that count."""
    warmup_ns = requests.header.expected.warmup_ns
    for chunk in requests.chunks(*sorted(columns | {"intended_ns", "outcome"})):
        ok = chunk["outcome"] == requests.code("outcome", "ok")
        counts = ok & (chunk["intended_ns"] >= warmup_ns)
        yield {
            name: chunk[name] if counts.all() else chunk[name][counts] for name in sorted(columns)
        }


def durations(chunk: Chunk, starts: tuple[str, ...], end: str) -> NDArray[np.int64]:
    """Of each request that has both: from the first of ``starts`` that is there to ``end``."""
    start = chunk[starts[0]]
    for other in starts[1:]:
        start = np.where(start == ABSENT, chunk[other], start)
    there = (start != ABSENT) & (chunk[end] != ABSENT)
    durations: NDArray[np.int64] = chunk[end] - start
    return durations if there.all() else durations[there]


def _hop(one: Statistics) -> HopLatency:
    if not one.count:
        return HopLatency(count=0)
    p50, p99 = (one.quantile(permille) / SECOND for permille in _HOP_PERMILLES)
    return HopLatency(count=one.count, mean=_mean(one), p50=p50, p99=p99)


def _total(one: Statistics) -> Latency:
    if not one.count:
        return Latency(count=0)
    p50, p90, p95, p99, p99_9 = (one.quantile(permille) / SECOND for permille in _TOTAL_PERMILLES)
    return Latency(
        count=one.count, mean=_mean(one), p50=p50, p90=p90, p95=p95, p99=p99, p99_9=p99_9,
        max=one.highest / SECOND,
    )  # fmt: skip


def _mean(one: Statistics) -> float:
    """Exact up to the last rounding: a quotient of two integers."""
    return one.total / (one.count * SECOND)
