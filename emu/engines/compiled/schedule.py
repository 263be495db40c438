"""Parts of the compiled loop: putting events on the list."""

from emu.engines.compiled.event_list import add
from emu.engines.compiled.layout import TIMERS, Moving
from emu.events import priority
from emu.kernel import part


@part
def schedule(m: Moving, kind: int, time: int, number: int, slot: int) -> None:
    """Let an event of a request or a connection happen: of its slot, or of its place."""
    add(m.events, kind, time, priority(kind, number), slot)


@part
def schedule_timer(m: Moving, kind: int, time: int, number: int, slot: int) -> None:
    """Let an event happen that may be void by then, and that takes room of its own."""
    m.counters[TIMERS] += 1
    schedule(m, kind, time, number, slot)
