"""Parts of the compiled loop: connections that are opened to be kept, and who waits for one."""

from emu.engines.compiled.layout import Fixed, Moving
from emu.engines.compiled.link import begin
from emu.engines.compiled.schedule import schedule_timer
from emu.engines.ending import NEVER
from emu.events import Kind
from emu.hops.pool import first_look, opened
from emu.kernel import part

_CONNECTION_DUE = int(Kind.CONNECTION_DUE)


@part
def keep(f: Fixed, m: Moving, slot: int, pool: int, route: int, port: int, now: int) -> int:
    """Open a connection of a pool for a request; its place among those that are kept."""
    settings, pools, connections, room = m.pools
    row = m.rows[slot]
    kept = opened(
        settings, pools, connections, room, pool, now, f.net.seed, row["request"], row["attempt"]
    )
    begin(m, kept, route, port, now)
    at = first_look(settings, pools, connections, room, kept)
    if at < NEVER:
        number = connections[kept]["number"]
        schedule_timer(m.events, m.counters, _CONNECTION_DUE, at, number, kept)
    return int(kept)
