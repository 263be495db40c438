"""Many times as one line of text, so that a resolved scenario can hold a long trace.

Each time is written as the nanoseconds since the one before, seven bits a byte, the lowest first,
with the eighth bit where more follow (LEB128); the bytes are written in base64. That is some four
characters a request at a thousand requests a second. It is not compressed: what zlib makes of the
same bytes differs from one build to another, and so would the digest of the scenario.
"""

import base64
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

LATEST: Final = 2**53
"""The last time that may be packed: up to there, floats are whole nanoseconds."""

_MOST_BYTES: Final = 8


def packed(times: NDArray[np.int64]) -> str:
    """Times in nanoseconds, none before the one before it, as text."""
    gaps = np.diff(times, prepend=0)
    sizes = np.ones(len(gaps), np.int64)
    for place in range(1, _MOST_BYTES):
        sizes += gaps >> 7 * place > 0
    ends = np.cumsum(sizes)
    written = np.zeros(ends[-1], np.uint8)
    for place in range(int(sizes.max())):
        has = sizes > place
        more = sizes[has] > place + 1
        written[ends[has] - sizes[has] + place] = gaps[has] >> 7 * place & 127 | more << 7
    return base64.b64encode(written.tobytes()).decode()


@lru_cache(maxsize=4)
def unpacked(text: str) -> NDArray[np.int64]:
    """The times that were packed. Raises ValueError where the text is nothing of the kind."""
    read = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    ends = np.flatnonzero(read < 128)
    if not len(ends) or ends[-1] + 1 < len(read):
        raise ValueError("is cut off")
    starts = np.append(0, ends[:-1] + 1)
    sizes = ends - starts + 1
    if sizes.max() > _MOST_BYTES:
        raise ValueError("holds too large a number")
    places = np.arange(len(read)) - np.repeat(starts, sizes)
    gaps = np.add.reduceat((read & 127).astype(np.int64) << 7 * places, starts)
    if gaps.sum(dtype=float) > LATEST:
        raise ValueError("holds too late a time")
    times = np.cumsum(gaps)
    times.setflags(write=False)
    return times
