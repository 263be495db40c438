"""When requests came, by an access log: nginx's common and combined formats, Envoy's default one.

Of nginx's lines the time is `$time_local`, that of the answer, in whole seconds: the requests of a
second are spread evenly over it. Of Envoy's it is `%START_TIME%`, that of the request, in
milliseconds. Both write a line when a request is over, so the times are sorted. What follows the
status in a line is not looked at, so formats that go on differently can be read as well.

Sources: nginx, ngx_http_log_module (``combined``; the common format is that of Apache's
mod_log_config); Envoy, access logging, default format string.
"""

import gzip
import re
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, TextIO

import numpy as np
from numpy.typing import NDArray

from emu.columns import check_file
from emu.units import SECOND

_NGINX: Final = re.compile(
    r"\S+ \S+ .+? ?\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\] "
    r'".*?" \d{3} (?:\d+|-)(?:\s|$)'
)
_ENVOY: Final = re.compile(
    r'\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z)\] ".*?" \d{1,3}(?:\s|$)'
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun",
                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # fmt: skip
_SHOWN: Final = 80


def format_of(path: Path) -> str:
    """Whose log it is by its first line: Envoy's begin with the time. Raises ValueError."""
    with _opened(path) as lines:
        first = next(filter(str.strip, lines), "")
    return "envoy" if first.startswith("[") else "nginx"


def logged_times(path: Path, written_by: str, most: int) -> NDArray[np.int64]:
    """The times of a log of ``nginx`` or ``envoy`` in nanoseconds since 1970, sorted.

    A few more than ``most`` are enough. Raises ValueError where there is no such log, with the
    first line that is none of it.
    """
    read, found = _READERS[written_by], array("q")
    with _opened(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                found.append(read(line))
            except ValueError:
                raise ValueError(
                    f"must name an access log of {written_by}; line {number} of {str(path)!r} is "
                    f"{_shown(line)}"
                ) from None
            if len(found) > most:
                break
    times = np.sort(np.array(found, np.int64))
    return _spread(times) if written_by == "nginx" else times


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The lines of a log, which may be compressed; what is no UTF-8 in them does not matter."""
    check_file(path, "a trace")
    name = repr(str(path))
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", errors="replace") as lines:
            yield lines
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"must name a trace; {name} cannot be read: {error}") from None


def _nginx(line: str) -> int:
    parts = _NGINX.match(line)
    if parts is None:
        raise ValueError
    day, month, year, time, offset = parts.groups()
    number = _MONTHS.index(month) + 1
    return _second(f"{year}-{number:02}-{day}T{time}{offset}") * SECOND


def _envoy(line: str) -> int:
    parts = _ENVOY.match(line)
    if parts is None:
        raise ValueError
    time, fraction, zone = parts.groups(default="0")
    return _second(time + zone) * SECOND + int(fraction.ljust(9, "0"))


_READERS: Final[dict[str, Callable[[str], int]]] = {"nginx": _nginx, "envoy": _envoy}


@lru_cache(maxsize=1024)
def _second(text: str) -> int:
    """Seconds since 1970; lines of the same second follow one another. Raises ValueError."""
    return int(datetime.fromisoformat(text).timestamp())


def _spread(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of sorted whole seconds: the requests of each at equal distances, from its start on."""
    _, first, counts = np.unique(times, return_index=True, return_counts=True)
    ranks = np.arange(len(times)) - np.repeat(first, counts)
    return times + ranks * SECOND // np.repeat(counts, counts)


def _shown(line: str) -> str:
    text = line.rstrip("\r\n")
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")
