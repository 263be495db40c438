"""Parts of the compiled loop: putting events on the list."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.engines.compiled.event_list import EventList, add
from emu.engines.compiled.layout import TIMERS
from emu.events import priority, ticket_of
from emu.kernel import embedded


@embedded
def ticket_at(rows: NDArray[Any], slot: int) -> int:
    """The ticket of the attempt in this slot."""
    return int(ticket_of(rows[slot]["request"], rows[slot]["attempt"]))


@embedded
def schedule(events: EventList, kind: int, time: int, ticket: int, slot: int) -> None:
    """Let an event of a request or a connection happen: of its slot, or of its place."""
    add(events, kind, time, priority(kind, ticket), slot)


@embedded
def schedule_timer(
    events: EventList, counters: NDArray[np.int64], kind: int, time: int, ticket: int, slot: int
) -> None:
    """Let an event happen that may be void by then, and that takes room of its own."""
    counters[TIMERS] += 1
    schedule(events, kind, time, ticket, slot)
