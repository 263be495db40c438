"""Several questions to the rows of a run, answered in one pass over them."""

from collections.abc import Callable, Iterable
from typing import Protocol

from emu.analysis.reading import Chunk, Requests


class Collector(Protocol):
    """Takes what it needs of each row; what it keeps does not grow with their number."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it needs."""

    def add(self, chunk: Chunk, requests: Requests) -> None:
        """Take these columns of the next rows; names are codes of ``requests.names``."""


def collect(
    requests: Requests,
    collectors: Iterable[Collector],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Let every collector see every row; ``progress`` is told how many rows are done, and of how
    many.
    """
    asked = tuple(collectors)
    columns = sorted({column for one in asked for column in one.columns})
    done = 0
    for chunk in requests.chunks(*columns):
        for one in asked:
            one.add(chunk, requests)
        done += len(chunk[columns[0]])
        if progress is not None:
            progress(done, requests.count)
