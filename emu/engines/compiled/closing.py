"""Parts of the compiled loop: how kept connections are given back, and end."""

from emu.engines.compiled.balancer import balanced
from emu.engines.compiled.connection import expire, release
from emu.engines.compiled.layout import LATER, NONE, Fixed, Moving
from emu.engines.compiled.schedule import schedule_timer
from emu.engines.compiled.taking import serve
from emu.engines.ending import NEVER
from emu.events import Kind
from emu.hops.balancer import finished
from emu.hops.conntrack import Closing
from emu.hops.pool import closed, give_back, look
from emu.kernel import kernel, part
from emu.recorder.rows import Outcome

_CONNECTION_DUE = int(Kind.CONNECTION_DUE)
_TIME_WAIT, _CLOSE = int(Closing.TIME_WAIT), int(Closing.CLOSE)
_SYN_SENT = int(Closing.SYN_SENT)
_OK, _REFUSED = int(Outcome.OK), int(Outcome.REFUSED)
_BACKLOG_FULL, _RESET = int(Outcome.BACKLOG_FULL), int(Outcome.RESET)
_SHED = int(Outcome.SHED)


@part
def leave(f: Fixed, m: Moving, slot: int, now: int) -> None:
    """A client waits no longer for an attempt: its connection is left to others if it is open, or
    ends."""
    journey = m.journeys[slot]
    kept = journey["connection"]
    if kept <= 0 or not is_open(m, kept, now):
        return
    journey["connection"] = NONE
    if m.links[kept]["upstream"] != 0:
        journey["upstream"] = NONE
    if not _multiplexed(m, kept) and not m.pools.connections[kept]["over"]:
        _close(f, m, kept, _TIME_WAIT, now)
    _give_back(f, m, kept, now)


@part
def is_open(m: Moving, kept: int, now: int) -> bool:
    """Whether the client knows that its connection is open, all the way."""
    upstream = m.links[kept]["upstream"]
    here = m.links[kept]["ready_ns"] <= now
    return bool(here and (upstream == 0 or m.links[upstream]["ready_ns"] <= now))


@part
def connection_due(f: Fixed, m: Moving, kept: int, number: int, now: int) -> None:
    """A connection is closed if it is its time, else looked at later."""
    settings, pools, connections, room = m.pools
    if connections[kept]["number"] != number or connections[kept]["over"]:
        return
    at = look(settings, pools, connections, room, kept, now)
    if at == now:
        _close(f, m, kept, _TIME_WAIT, now)
        serve(f, m, connections[kept]["pool"], now)
    elif at < NEVER:
        schedule_timer(m.events, m.counters, _CONNECTION_DUE, at, number, kept)


@part
def _multiplexed(m: Moving, kept: int) -> bool:
    """Whether the connection may carry several requests at once."""
    settings, pools, connections, _ = m.pools
    return bool(settings[pools[connections[kept]["pool"]]["settings"]]["streams"] > 1)


@kernel
def done(f: Fixed, m: Moving, kept: int, outcome: int, now: int) -> None:
    """A request on the connection has ended so; the next ones get what is free now."""
    broken = outcome not in (_OK, _SHED)
    if outcome == _BACKLOG_FULL and _multiplexed(m, kept):
        broken = False  # its stream alone is refused
    if broken and not m.pools.connections[kept]["over"]:
        closing = _CLOSE if outcome in (_REFUSED, _BACKLOG_FULL, _RESET) else _SYN_SENT
        _close(f, m, kept, closing, now)
    _give_back(f, m, kept, now)


@part
def _give_back(f: Fixed, m: Moving, kept: int, now: int) -> None:
    settings, pools, connections, room = m.pools
    pool = connections[kept]["pool"]
    if give_back(settings, pools, connections, room, kept, now):
        _close(f, m, kept, _TIME_WAIT, now)
    if m.waiting[pool, 0] != NONE:
        serve(f, m, pool, now)


@kernel
def _close(f: Fixed, m: Moving, kept: int, closing: int, now: int) -> None:
    """End a connection, and the one that it is joined to."""
    settings, pools, connections, room = m.pools
    closed(settings, pools, connections, room, kept)
    _let_go(f, m, kept, closing, now)
    upstream = m.links[kept]["upstream"]
    if upstream != 0:
        closed(settings, pools, connections, room, upstream)
        give_back(settings, pools, connections, room, upstream, now)
        _let_go(f, m, upstream, closing, now)
        it = m.links[upstream]
        strategy, backends, memory = balanced(f.net.listeners, m.backends, m.memory, it["listener"])
        finished(strategy, backends, memory, it["backend"], now, now - it["start_ns"])


@kernel
def leads_to(m: Moving, kept: int, pod: int) -> bool:
    """Whether a pool's open connection leads to a Pod, or is joined to one that does."""
    it, upstream = m.pools.connections[kept], m.links[kept]["upstream"]
    if it["number"] < 0 or it["over"] or it["pool"] == 0:
        return False
    return bool(m.links[upstream if upstream != 0 else kept]["pod"] == pod)


@kernel
def hang_up(f: Fixed, m: Moving, kept: int, in_order: bool, now: int) -> None:
    """The Pod's end of a kept connection is closed, if no request is on it; ``in_order``, otherwise
    with the last request that is."""
    settings, pools, connections, room = m.pools
    it = connections[kept]
    if in_order:
        it["ends_ns"] = now
        look(settings, pools, connections, room, kept, now)
    if it["streams"] == 0:
        _close(f, m, kept, _TIME_WAIT if in_order else _CLOSE, now)
        serve(f, m, it["pool"], now)
        m.counters[LATER] = 0  # nobody waits yet for a connection that was opened now


@part
def _let_go(f: Fixed, m: Moving, kept: int, closing: int, now: int) -> None:
    """Let the connection's conntrack entry and its port be kept for their times from now on."""
    it = m.links[kept]
    if it["entry"] != 0:
        expire(m.conntrack, f.timeouts, it["via"], it["entry"], now, closing)
    held = f.time_wait if closing == _TIME_WAIT else 0
    release(m.ports, f.first_port, it["route"], it["port"], now + held, it["entry"])
