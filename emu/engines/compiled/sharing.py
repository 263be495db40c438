"""Parts of the compiled loop: a Pod whose workers share, their cores or a CPU quota.

The requests in service are a skew heap by their finish: ``firsts[pod]`` is the first to be done,
and `JOB` has the links. An end is awaited for the first alone. Who comes meanwhile puts it off, so
it may be awaited too early, and never too late: when it is there too early, it is awaited anew, or,
where another comes first now, not until that one has left. So a request has one event at the most.
"""

from typing import Any

from numpy.typing import NDArray

from emu.engines.compiled.layout import (
    NONE,
    PUSH_KIND,
    PUSH_SLOT,
    PUSH_TICKET,
    PUSH_TIME,
    Fixed,
    Moving,
)
from emu.engines.compiled.queue import take_first
from emu.engines.compiled.schedule import ticket_at
from emu.engines.compiled.shedding import shed_stale
from emu.events import Kind
from emu.hops.contention import slowed
from emu.hops.pod import leave, service_time
from emu.hops.sharing import QUOTA, completion, finish_of, pass_time
from emu.kernel import kernel, part

_SERVICE_END = int(Kind.SERVICE_END)


@part
def share(f: Fixed, m: Moving, slot: int, pod: int, now: int) -> tuple[int, int]:
    """The request is in service from now on."""
    _begin(f, m, slot, pod, now)
    first = m.firsts[pod]
    if first != slot:
        return NONE, NONE
    m.jobs[slot]["awaited"] = 1
    return completion(m.pods, m.sharing, pod, m.jobs[slot]["finish"]), _SERVICE_END


@part
def _begin(f: Fixed, m: Moving, slot: int, pod: int, now: int) -> None:
    """The request is among those in service, its end not awaited."""
    job = m.jobs[slot]
    m.rows[slot]["service_start_ns"] = now
    job["finish"] = finish_of(m.sharing, pod, service_of(f, m, slot, pod))
    job["ticket"], job["awaited"] = ticket_at(m.rows, slot), 0
    job["left"] = job["right"] = NONE
    m.firsts[pod] = merged(m.jobs, m.firsts[pod], slot)


@part
def service_of(f: Fixed, m: Moving, slot: int, pod: int) -> int:
    """How long a worker takes for the request that begins its service now."""
    row = m.rows[slot]
    service = service_time(
        m.pods, f.net.table, pod, f.classes[row["request_class"]]["service_time"],
        f.net.seed, row["request"], row["attempt"],
    )  # fmt: skip
    if f.contended:
        return slowed(m.pods, f.cpu, f.competitors, pod, service)
    return int(service)


@part
def done_at(m: Moving, slot: int, pod: int) -> int:
    """When a request is done whose end was awaited for now; `NONE` where another comes first."""
    if m.firsts[pod] != slot:
        m.jobs[slot]["awaited"] = 0
        return NONE
    return completion(m.pods, m.sharing, pod, m.jobs[slot]["finish"])


@part
def depart(f: Fixed, m: Moving, slot: int, pod: int, now: int) -> None:
    """The first is done, and the first in the backlog begins; the end of the one that is next to be
    done follows, unless that is awaited."""
    job = m.jobs[slot]
    pass_time(m.pods, m.sharing, pod, now)
    m.firsts[pod] = merged(m.jobs, job["left"], job["right"])
    waits = leave(m.pods, pod) and m.pods[pod]["shared"] == QUOTA
    if waits and (not f.shedding or shed_stale(f, m, pod, now) != NONE):
        _begin(f, m, take_first(m.journeys, m.backlogs, pod), pod, now)
    first = m.firsts[pod]
    if first == NONE or m.jobs[first]["awaited"]:
        return
    m.jobs[first]["awaited"] = 1
    m.counters[PUSH_TIME] = completion(m.pods, m.sharing, pod, m.jobs[first]["finish"])
    m.counters[PUSH_KIND] = _SERVICE_END
    m.counters[PUSH_TICKET] = m.jobs[first]["ticket"]
    m.counters[PUSH_SLOT] = first


@kernel
def merged(jobs: NDArray[Any], one: int, other: int) -> int:
    """The first of two skew heaps made one; `NONE` is an empty one.

    Source: D. D. Sleator, R. E. Tarjan, "Self-adjusting heaps", SIAM Journal on Computing 15
    (1986): the right spines are merged, and the children of each job on the way change places.
    """
    if one == NONE or other == NONE:
        return max(one, other)
    if _before(jobs, other, one):
        one, other = other, one
    root = one
    while other != NONE:
        job = jobs[one]
        right, job["right"] = job["right"], job["left"]
        if right != NONE and _before(jobs, right, other):
            right, other = other, right
        job["left"] = one = other
        other = right
    return root


@kernel
def _before(jobs: NDArray[Any], one: int, other: int) -> bool:
    """Whether one is done before the other."""
    mine, its = jobs[one]["finish"], jobs[other]["finish"]
    return bool(mine < its or (mine == its and jobs[one]["ticket"] < jobs[other]["ticket"]))
