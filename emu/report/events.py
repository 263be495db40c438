"""What happened to the cluster, gathered: what happened at one moment in one way is one event.

That nodes sync their rules follows whatever happens, on every node, and is left out.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from emu.errors import ResultsError

MOST: Final = 100
"""So many are shown, the first of a run."""
_NAMED: Final = 3
_OFTEN: Final = "rules_synced"


class Event(NamedTuple):
    """What happened at one moment, to one object or to several."""

    at_ns: int
    kind: str
    objects: list[str]
    """The first of them."""
    number: int
    cause: str
    """The first one's."""
    details: list[str]
    """What is said of each of the objects that are named, if anything is."""

    @property
    def words(self) -> str:
        """The objects, as many as are named."""
        more = self.number - len(self.objects)
        return ", ".join(self.objects) + (f" and {more:,} more" if more else "")

    @property
    def detail(self) -> str:
        """What is said of them; once, if it is the same of all that are named."""
        return ", ".join(dict.fromkeys(filter(None, self.details)))


def events(folder: Path, most: int = MOST) -> tuple[list[Event], int]:
    """The first events of the run in ``folder``, at ``most`` so many, and how many more there are.

    Raises ResultsError where they cannot be read.
    """
    path = folder / "events.parquet"
    found: list[Event] = []
    more, moment = 0, -1
    places: dict[str, int] = {}  # of the kinds of this moment, among all events
    try:
        for batch in pq.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                at, kind = row["at_ns"], row["kind"]
                if kind == _OFTEN:
                    continue
                if at != moment:
                    moment, places = at, {}
                if kind in places:
                    if places[kind] < len(found):
                        _join(found, places[kind], row)
                    continue
                places[kind] = len(found) + more
                if len(found) == most:
                    more += 1
                else:
                    detail = [row["detail"] or ""]
                    found.append(Event(at, kind, [row["object"]], 1, row["cause"] or "", detail))
    except (OSError, pa.ArrowInvalid) as error:
        raise ResultsError(f"cannot read {path}: {error}") from error
    return found, more


def _join(found: list[Event], place: int, row: dict[str, Any]) -> None:
    """Let the event there be about another object too."""
    event = found[place]
    if len(event.objects) < _NAMED:
        event.objects.append(row["object"])
        event.details.append(row["detail"] or "")
    found[place] = event._replace(number=event.number + 1)
