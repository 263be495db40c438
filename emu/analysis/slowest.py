"""The attempts that were over last after their request was meant to be sent."""

from typing import Final, NamedTuple

import numpy as np

from emu.analysis.latency import SERIES
from emu.analysis.reading import Chunk, Requests
from emu.recorder.rows import ABSENT

_NAMES: Final = ("outcome", "client", "load_balancer", "node", "pod")
_TIMES: Final = tuple(
    sorted({column for starts, end in SERIES.values() for column in (*starts, end)})
)


class Slow(NamedTuple):
    """One attempt: its numbers, the names that it met, and nanoseconds by `SERIES`.

    None stands for what it did not meet, or did not come to.
    """

    latency_ns: int
    request: int
    attempt: int
    names: dict[str, str | None]
    parts: dict[str, int | None]


class Slowest:
    """Keeps the ``most`` slowest attempts that ended and were meant to be sent after the warm-up.

    Of equals the one with the lower number comes first.
    """

    columns: Final = ("request", "attempt", *_NAMES, *_TIMES)

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[Slow] = []

    @property
    def found(self) -> list[Slow]:
        """The slowest first."""
        return self._kept

    def add(self, chunk: Chunk, requests: Requests) -> None:
        """Look at the next rows."""
        ended = chunk["done_ns"] != ABSENT
        ended &= chunk["intended_ns"] >= requests.header.expected.warmup_ns
        least = self._kept[-1].latency_ns if len(self._kept) == self._most else 0
        lasting = chunk["done_ns"] - chunk["intended_ns"]
        candidates = np.flatnonzero(ended & (lasting >= least))
        order = np.lexsort((chunk["request"][candidates], -lasting[candidates]))
        self._kept += [
            _slow(chunk, requests, row, int(lasting[row]))
            for row in candidates[order[: self._most]].tolist()
        ]
        self._kept.sort(key=lambda one: (-one.latency_ns, one.request, one.attempt))
        del self._kept[self._most :]


def _slow(chunk: Chunk, requests: Requests, row: int, latency_ns: int) -> Slow:
    times = {name: int(chunk[name][row]) for name in _TIMES}
    return Slow(
        latency_ns=latency_ns,
        request=int(chunk["request"][row]),
        attempt=int(chunk["attempt"][row]),
        names={name: _name(requests, name, int(chunk[name][row])) for name in _NAMES},
        parts={name: _part(times, *span) for name, span in SERIES.items()},
    )


def _name(requests: Requests, column: str, code: int) -> str | None:
    return None if code == ABSENT else requests.names[column][code]


def _part(times: dict[str, int], starts: tuple[str, ...], end: str) -> int | None:
    begun = [times[start] for start in starts if times[start] != ABSENT]
    return int(times[end] - begun[0]) if begun and times[end] != ABSENT else None
