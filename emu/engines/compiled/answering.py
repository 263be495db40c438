"""Parts of the compiled loop: answers, and what becomes of kept connections with them."""

from emu.engines.compiled.balancer import balanced, balancer_takes
from emu.engines.compiled.client import back_to_client, client_takes, finish
from emu.engines.compiled.connection import expire, release
from emu.engines.compiled.layout import NONE, TIMERS, Fixed, Moving
from emu.engines.compiled.schedule import schedule, schedule_timer
from emu.engines.ending import NEVER, deadline_of
from emu.events import Kind
from emu.hops.balancer import finished
from emu.hops.conntrack import Closing
from emu.hops.pool import WAIT, check_out, closed, give_back, look
from emu.kernel import kernel, part
from emu.recorder.rows import Outcome

_ANSWER = int(Kind.ANSWER)
_CONNECTION_DUE = int(Kind.CONNECTION_DUE)
_TIME_WAIT, _CLOSE = int(Closing.TIME_WAIT), int(Closing.CLOSE)
_SYN_SENT = int(Closing.SYN_SENT)
_OK, _REFUSED = int(Outcome.OK), int(Outcome.REFUSED)
_BACKLOG_FULL = int(Outcome.BACKLOG_FULL)


@part
def answer(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """A balancer passes the answer on; a client that is itself the sender has it."""
    listener = m.journeys[slot]["listener"]
    if listener == NONE:
        if f.kept and m.journeys[slot]["connection"] > 0:
            _done(f, m, m.journeys[slot]["connection"], m.rows[slot]["outcome"], now)
        return finish(f, m, slot, now)
    if f.kept and f.listeners[listener]["joins"] != 0 and m.journeys[slot]["connection"] != 0:
        return back_to_client(f, m, slot, now)
    if f.kept and m.journeys[slot]["upstream"] > 0:
        _done(f, m, m.journeys[slot]["upstream"], m.rows[slot]["outcome"], now)
    strategy, backends, memory = balanced(f, m, listener)
    latency = now - m.rows[slot]["lb_ns"]
    finished(strategy, backends, memory, m.journeys[slot]["backend"], now, latency)
    return back_to_client(f, m, slot, now)


@kernel
def client_answer(f: Fixed, m: Moving, slot: int, now: int) -> None:
    """A client that keeps its connection to a load balancer has its answer."""
    journey, outcome = m.journeys[slot], m.rows[slot]["outcome"]
    if f.listeners[journey["listener"]]["joins"] == 0:
        outcome = _OK  # whatever happened behind it, the balancer has answered
    if journey["connection"] > 0:
        _done(f, m, journey["connection"], outcome, now)
    finish(f, m, slot, now)


@kernel
def client_timeout(f: Fixed, m: Moving, slot: int, request: int, now: int) -> None:
    """A client gives up: its connection is left to others if it is open, or ends."""
    m.counters[TIMERS] -= 1
    journey = m.journeys[slot]
    kept = journey["connection"]
    if m.rows[slot]["request"] != request or kept <= 0 or m.links[kept]["ready_ns"] > now:
        return
    upstream = m.links[kept]["upstream"]
    if upstream != 0 and m.links[upstream]["ready_ns"] > now:
        return
    journey["connection"] = NONE
    if upstream != 0:
        journey["upstream"] = NONE
    if not _multiplexed(m, kept) and not m.pools.connections[kept]["over"]:
        _close(f, m, kept, _TIME_WAIT, now)
    _give_back(f, m, kept, now)


@kernel
def connection_due(f: Fixed, m: Moving, kept: int, number: int, now: int) -> None:
    """A kept connection is closed if it is its time, else looked at later."""
    m.counters[TIMERS] -= 1
    settings, pools, connections, room = m.pools
    if connections[kept]["number"] != number or connections[kept]["over"]:
        return
    at = look(settings, pools, connections, room, kept, now)
    if at == now:
        pool = connections[kept]["pool"]
        _close(f, m, kept, _TIME_WAIT, now)
        _serve(f, m, pool, now)
    elif at < NEVER:
        schedule_timer(m, _CONNECTION_DUE, at, number, kept)


@part
def _multiplexed(m: Moving, kept: int) -> bool:
    """Whether the connection may carry several requests at once."""
    settings, pools, connections, _ = m.pools
    return bool(settings[pools[connections[kept]["pool"]]["settings"]]["streams"] > 1)


@kernel
def _done(f: Fixed, m: Moving, kept: int, outcome: int, now: int) -> None:
    """A request on the connection has ended so; the next ones get what is free now."""
    broken = outcome != _OK
    if outcome == _BACKLOG_FULL and _multiplexed(m, kept):
        broken = False  # its stream alone is refused
    if broken and not m.pools.connections[kept]["over"]:
        closing = _CLOSE if outcome in (_REFUSED, _BACKLOG_FULL) else _SYN_SENT
        _close(f, m, kept, closing, now)
    _give_back(f, m, kept, now)


@part
def _give_back(f: Fixed, m: Moving, kept: int, now: int) -> None:
    settings, pools, connections, room = m.pools
    pool = connections[kept]["pool"]
    if give_back(settings, pools, connections, room, kept, now):
        _close(f, m, kept, _TIME_WAIT, now)
    _serve(f, m, pool, now)


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
        strategy, backends, memory = balanced(f, m, it["listener"])
        finished(strategy, backends, memory, it["backend"], now, now - it["start_ns"])


@part
def _let_go(f: Fixed, m: Moving, kept: int, closing: int, now: int) -> None:
    """Let the connection's conntrack entry and its port be kept for their times from now on."""
    it = m.links[kept]
    if it["entry"] != 0:
        expire(f, m, it["via"], it["entry"], now, closing)
    held = f.time_wait if closing == _TIME_WAIT else 0
    release(f, m, it["route"], it["port"], now + held, it["entry"])


@kernel
def _serve(f: Fixed, m: Moving, pool: int, now: int) -> None:
    """Give the requests that wait for a connection what there is."""
    settings, pools, connections, room = m.pools
    while m.waiting[pool, 0] != NONE:
        slot, found = m.waiting[pool, 0], WAIT
        late = _is_late(f, m, slot, now)
        if not late:
            found = check_out(settings, pools, connections, room, pool)
            if found == WAIT:
                return
        m.waiting[pool, 0] = m.journeys[slot]["next"]
        if m.waiting[pool, 0] == NONE:
            m.waiting[pool, 1] = NONE
        if late:
            time, kind = now, _ANSWER
        elif m.journeys[slot]["listener"] == NONE:
            time, kind = client_takes(f, m, slot, pool, found, now)
        else:
            time, kind = balancer_takes(f, m, slot, pool, found, now)
        if time != NONE:
            schedule(m, kind, time, m.rows[slot]["request"], slot)


@part
def _is_late(f: Fixed, m: Moving, slot: int, now: int) -> bool:
    """Whether a client has given up on its request before it had a connection."""
    if m.journeys[slot]["listener"] != NONE:
        return False
    row = m.rows[slot]
    return deadline_of(row["intended_ns"], f.clients[row["client"]]["timeout_ns"]) < now
