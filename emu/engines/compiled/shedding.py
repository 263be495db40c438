"""Parts of the compiled loop: a Pod sheds requests whose turn comes too late."""

from emu.engines.compiled.layout import NONE, Fixed, Moving
from emu.engines.compiled.queue import take_first
from emu.engines.compiled.reply import reply
from emu.engines.compiled.schedule import schedule, ticket_at
from emu.engines.ending import deadline_of
from emu.hops.conntrack import Closing
from emu.hops.pod import leave
from emu.hops.shedding import is_stale
from emu.kernel import cold
from emu.recorder.rows import Outcome

_TIME_WAIT = int(Closing.TIME_WAIT)
_SHED = int(Outcome.SHED)


@cold
def shed_stale(f: Fixed, m: Moving, pod: int, now: int) -> int:
    """The first in the backlog that is to be served by the worker that is free, or `NONE`; those
    before it are shed."""
    first = m.backlogs[pod, 0]
    while first != NONE and goes_stale(f, m, first, pod, now):
        take_first(m.journeys, m.backlogs, pod)
        time, kind = shed(f, m, first, now)
        schedule(m.events, kind, time, ticket_at(m.rows, first), first)
        first = m.backlogs[pod, 0] if leave(m.pods, pod) else NONE
    return int(first)


@cold
def goes_stale(f: Fixed, m: Moving, slot: int, pod: int, now: int) -> bool:
    """Whether a request is shed whose turn has come."""
    row = m.rows[slot]
    its = f.net.clients[row["client"]]
    deadline = deadline_of(row["intended_ns"], its["timeout_ns"])
    if its["watched"] != 0:
        deadline = m.attempts[slot]["until_ns"]
    return bool(is_stale(f.sheds, pod, row["pod_ns"], deadline, now))


@cold
def shed(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The Pod answers that it does not serve the request."""
    m.rows[slot]["outcome"], m.rows[slot]["service_end_ns"] = _SHED, now
    return reply(f, m, slot, now, 0, _TIME_WAIT)
