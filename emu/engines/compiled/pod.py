"""Parts of the compiled loop: a Pod queues requests, serves and answers them."""

from emu.engines.compiled.ahead import fetch
from emu.engines.compiled.connection import silence
from emu.engines.compiled.failing import is_void, kept_from_pod
from emu.engines.compiled.journeys import datagram
from emu.engines.compiled.layout import (
    NONE,
    PUSH_KIND,
    PUSH_SLOT,
    PUSH_TICKET,
    PUSH_TIME,
    Fixed,
    Moving,
)
from emu.engines.compiled.reply import reply
from emu.engines.compiled.schedule import schedule, ticket_at
from emu.engines.compiled.sharing import depart, done_at, off_backlog, service_of, share
from emu.engines.ending import deadline_of
from emu.events import Kind
from emu.hops.conntrack import Closing
from emu.hops.pod import Admission, arrive, leave
from emu.hops.reports import note, present
from emu.hops.sharing import CORES, pass_time
from emu.hops.shedding import is_stale
from emu.kernel import cold, part
from emu.recorder.rows import Outcome

_SERVICE_END = int(Kind.SERVICE_END)
_SERVED = int(Admission.SERVED)
_QUEUED = int(Admission.QUEUED)
_TIME_WAIT = int(Closing.TIME_WAIT)
_CLOSE = int(Closing.CLOSE)
_OK, _SHED = int(Outcome.OK), int(Outcome.SHED)
_BACKLOG_FULL = int(Outcome.BACKLOG_FULL)


@part
def pod_request(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The Pod serves the request, lets it wait, or refuses it."""
    row = m.rows[slot]
    pod = row["pod"]
    if f.live:
        time, kind = kept_from_pod(f, m, slot, now)
        if time != NONE:
            return time, kind
    row["pod_ns"], row["queue_length"] = now, m.pods[pod]["queued"]
    shared = m.pods[pod]["shared"]
    if shared:
        pass_time(m.pods, m.sharing, pod, now)
    if f.probed:
        m.jobs[slot]["met"] = present(m.pods, pod)
    admission = arrive(m.pods, pod)
    if shared and (admission == _SERVED or (shared & CORES and admission == _QUEUED)):
        return share(f, m, slot, pod, now)
    if admission == _SERVED:
        if f.shedding and _is_stale(f, m, slot, pod, now):
            leave(m.pods, pod)
            return _shed(f, m, slot, now)
        return _serve(f, m, slot, pod, now), _SERVICE_END
    if admission == _QUEUED:
        _wait(m, slot, pod)
        return NONE, NONE
    row["outcome"] = _BACKLOG_FULL
    if datagram(f.datagrams, f.targets, m.journeys, slot):
        return silence(f, m, slot, now)
    return reply(f, m, slot, now, 0, _CLOSE)


@part
def _wait(m: Moving, slot: int, pod: int) -> None:
    """The request is the last in the Pod's backlog."""
    m.journeys[slot]["next"] = NONE
    last = m.backlogs[pod, 1]
    if last == NONE:
        m.backlogs[pod, 0] = slot
    else:
        m.journeys[last]["next"] = slot
    m.backlogs[pod, 1] = slot


@part
def _serve(f: Fixed, m: Moving, slot: int, pod: int, now: int) -> int:
    """A worker turns to the request; when it is done."""
    row = m.rows[slot]
    end = now + service_of(f, m, slot, pod)
    row["service_start_ns"], row["service_end_ns"] = now, end
    return end


@part
def service_end(f: Fixed, m: Moving, slot: int, ticket: int, now: int) -> tuple[int, int]:
    """The answer is on its way, and the first in the backlog is served next; or, where workers are
    share, the service is not done yet."""
    if f.live and is_void(m, slot, ticket):
        return NONE, NONE
    row = m.rows[slot]
    pod, first = row["pod"], NONE
    if m.pods[pod]["shared"]:
        end = done_at(m, slot, pod)
        if end != now:
            return end, _SERVICE_END
        depart(f, m, slot, pod, now)
        row["service_end_ns"] = now
    elif leave(m.pods, pod):
        first = m.backlogs[pod, 0]
        fetch(m, first)
        if f.shedding:
            first = _shed_stale(f, m, pod, now)
    if f.probed:
        note(m.reports, pod, now, m.jobs[slot]["met"], now - row["pod_ns"])
    row["outcome"] = _OK
    size = row["response_bytes"] = f.classes[row["request_class"]]["response_bytes"]
    follower = reply(f, m, slot, now, size, _TIME_WAIT)
    if first != NONE:
        _serve_from_backlog(f, m, first, pod, now)
    return follower


@part
def _serve_from_backlog(f: Fixed, m: Moving, first: int, pod: int, now: int) -> None:
    """The first in the Pod's backlog is served: what follows, happens to another slot."""
    off_backlog(m, pod)
    m.counters[PUSH_TIME] = _serve(f, m, first, pod, now)
    m.counters[PUSH_KIND] = _SERVICE_END
    m.counters[PUSH_TICKET] = ticket_at(m.rows, first)
    m.counters[PUSH_SLOT] = first


@cold
def _shed_stale(f: Fixed, m: Moving, pod: int, now: int) -> int:
    """The first in the backlog that is to be served by the worker that is free, or `NONE`; those
    before it are shed."""
    first = m.backlogs[pod, 0]
    while first != NONE and _is_stale(f, m, first, pod, now):
        off_backlog(m, pod)
        time, kind = _shed(f, m, first, now)
        schedule(m.events, kind, time, ticket_at(m.rows, first), first)
        first = m.backlogs[pod, 0] if leave(m.pods, pod) else NONE
    return int(first)


@cold
def _is_stale(f: Fixed, m: Moving, slot: int, pod: int, now: int) -> bool:
    """Whether a request is shed whose turn has come."""
    row = m.rows[slot]
    its = f.net.clients[row["client"]]
    deadline = deadline_of(row["intended_ns"], its["timeout_ns"])
    if its["watched"] != 0:
        deadline = m.attempts[slot]["until_ns"]
    return bool(is_stale(f.sheds, pod, row["pod_ns"], deadline, now))


@cold
def _shed(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The Pod answers that it does not serve the request."""
    m.rows[slot]["outcome"], m.rows[slot]["service_end_ns"] = _SHED, now
    return reply(f, m, slot, now, 0, _TIME_WAIT)
