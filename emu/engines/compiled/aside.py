"""Parts of the compiled loop: what happens beside it, to kept connections and watched clients.

All of it stands outside of the loop itself, which asks for it in ``counters[LATER]`` when it has
handled an event: so the loop stays as fast where there is nothing of the kind.
"""

from emu.engines.compiled import calls
from emu.engines.compiled.client import finish
from emu.engines.compiled.closing import connection_due, done
from emu.engines.compiled.failing import kept_from_client
from emu.engines.compiled.layout import (
    BEGIN,
    CONCLUDE,
    CONNECT,
    DONE,
    LATER,
    LATER_NUMBER,
    LATER_PLACE,
    NONE,
    SETTLE,
    TIMERS,
    Fixed,
    Moving,
)
from emu.engines.compiled.link import settle
from emu.engines.compiled.schedule import schedule, ticket_at
from emu.engines.compiled.taking import client_connect, forward
from emu.events import Kind
from emu.kernel import kernel

_CLIENT_ANSWER = int(Kind.CLIENT_ANSWER)
_CLIENT_CONNECT = int(Kind.CLIENT_CONNECT)
_CLIENT_HEDGE = int(Kind.CLIENT_HEDGE)
_CLIENT_RETRY = int(Kind.CLIENT_RETRY)
_CLIENT_TIMEOUT = int(Kind.CLIENT_TIMEOUT)


@kernel
def afterwards(f: Fixed, m: Moving, now: int) -> None:
    """Do what an event has asked for."""
    what, place, number = (
        m.counters[LATER], m.counters[LATER_PLACE], m.counters[LATER_NUMBER],
    )  # fmt: skip
    if what == SETTLE:
        settle(f, m, place, now)
    elif what == DONE:
        done(f, m, place, number, now)
    elif what == BEGIN:
        calls.begin(f, m, place, number, now)
    elif what == CONCLUDE:
        calls.conclude(f, m, place, now)
    else:
        if what == CONNECT:
            time, kind = client_connect(f, m, place, now)
        else:
            time, kind = forward(f, m, place, now)
        if time != NONE:
            schedule(m.events, kind, time, ticket_at(m.rows, place), place)
    # What was opened meanwhile may be settled at once: nobody waits for it yet.
    m.counters[LATER] = 0


@kernel
def happen(f: Fixed, m: Moving, kind: int, slot: int, ticket: int, now: int) -> tuple[int, int]:
    """Handle an event that there is of kept connections and watched clients alone."""
    if kind == _CLIENT_CONNECT:
        return client_connect(f, m, slot, now)
    if kind == _CLIENT_ANSWER:
        if f.live and kept_from_client(f, m, slot, now):
            return NONE, NONE
        if f.net.clients[m.rows[slot]["client"]]["watched"] == 0:
            return finish(f, m, slot, now)
        calls.conclude(f, m, slot, now)
        return NONE, NONE
    m.counters[TIMERS] -= 1
    if kind == _CLIENT_TIMEOUT:
        calls.time_out(f, m, slot, ticket, now)
    elif kind == _CLIENT_RETRY:
        calls.retry(f, m, slot, ticket, now)
    elif kind == _CLIENT_HEDGE:
        calls.hedge(f, m, slot, ticket, now)
    else:
        connection_due(f, m, slot, ticket, now)
    return NONE, NONE
