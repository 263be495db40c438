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
from emu.engines.compiled.queue import join, take_first
from emu.engines.compiled.reply import reply
from emu.engines.compiled.schedule import ticket_at
from emu.engines.compiled.sharing import depart, done_at, service_of, share
from emu.engines.compiled.shedding import goes_stale, shed, shed_stale
from emu.events import Kind
from emu.hops.conntrack import Closing
from emu.hops.pod import Admission, arrive, leave
from emu.hops.reports import note, present
from emu.hops.sharing import CORES, pass_time
from emu.kernel import part
from emu.recorder.rows import Outcome

_SERVICE_END = int(Kind.SERVICE_END)
_SERVED = int(Admission.SERVED)
_QUEUED = int(Admission.QUEUED)
_TIME_WAIT = int(Closing.TIME_WAIT)
_CLOSE = int(Closing.CLOSE)
_OK = int(Outcome.OK)
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
    if admission == _SERVED and f.shedding and goes_stale(f, m, slot, pod, now):
        leave(m.pods, pod)
        return shed(f, m, slot, now)
    if shared and (admission == _SERVED or (shared & CORES and admission == _QUEUED)):
        return share(f, m, slot, pod, now)
    if admission == _SERVED:
        return _serve(f, m, slot, pod, now), _SERVICE_END
    if admission == _QUEUED:
        join(m.journeys, m.backlogs, pod, slot)
        return NONE, NONE
    row["outcome"] = _BACKLOG_FULL
    if datagram(f.datagrams, f.targets, m.journeys, slot):
        return silence(f, m, slot, now)
    return reply(f, m, slot, now, 0, _CLOSE)


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
            first = shed_stale(f, m, pod, now)
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
    take_first(m.journeys, m.backlogs, pod)
    m.counters[PUSH_TIME] = _serve(f, m, first, pod, now)
    m.counters[PUSH_KIND] = _SERVICE_END
    m.counters[PUSH_TICKET] = ticket_at(m.rows, first)
    m.counters[PUSH_SLOT] = first
