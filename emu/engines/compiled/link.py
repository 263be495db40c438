"""Parts of the compiled loop: requests that join a connection which is kept."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.engines.compiled.journeys import trip
from emu.engines.compiled.layout import LATER, LATER_PLACE, NONE, SETTLE, Fixed, Moving
from emu.engines.compiled.schedule import schedule, ticket_at
from emu.engines.ending import NEVER
from emu.events import Kind
from emu.hops.network import CARRIED, CARRIED_VIA
from emu.kernel import embedded, kernel, part
from emu.recorder.rows import ABSENT

_ANSWER = int(Kind.ANSWER)
_POD_REQUEST = int(Kind.POD_REQUEST)


@embedded
def pod_link(journeys: NDArray[Any], slot: int) -> int:
    """The kept connection of a request that ends at a Pod, or 0."""
    journey = journeys[slot]
    return int(journey["connection"] if journey["listener"] == NONE else journey["upstream"])


@part
def begin(m: Moving, kept: int, route: int, port: int, now: int) -> None:
    """A connection that is kept is being opened from this port."""
    it = m.links[kept]
    it["start_ns"], it["ready_ns"], it["fails_ns"] = now, NEVER, NEVER
    it["route"], it["port"], it["entry"] = route, port, 0
    it["first"] = it["last"] = it["pod"] = NONE
    it["upstream"] = 0


@part
def carry(f: Fixed, m: Moving, slot: int, kept: int, now: int) -> tuple[int, int]:
    """Another request goes to the Pod over a connection that is open, or being opened."""
    it, journey = m.links[kept], m.journeys[slot]
    if it["ready_ns"] < NEVER or it["fails_ns"] < NEVER:
        return _carry_on(f, m, slot, kept, now)
    journey["next"] = NONE
    if it["last"] == NONE:
        it["first"] = slot
    else:
        m.journeys[it["last"]]["next"] = slot
    it["last"] = slot
    return NONE, NONE


@kernel
def _carry_on(f: Fixed, m: Moving, slot: int, kept: int, now: int) -> tuple[int, int]:
    """It is known now from when on the connection is open, or has failed."""
    it, row, journey = m.links[kept], m.rows[slot], m.journeys[slot]
    if it["ready_ns"] == NEVER:
        row["outcome"] = it["outcome"]
        back = max(now, it["fails_ns"])
        if journey["listener"] != NONE:
            row["lb_response_ns"] = back
        return back, _ANSWER
    start = max(now, it["ready_ns"])
    journey["via"] = it["via"]
    m.fates[slot]["epoch"] = it["epoch"]
    if it["node"] != ABSENT:
        row["node_ns"] = start + trip(
            f.net, m.rows, m.journeys, slot, it["via"], 0, row["request_bytes"], CARRIED_VIA
        )
    row["pod"], row["node"], row["service"] = it["pod"], it["node"], it["service"]
    row["endpoint"], row["masquerade_port"] = it["endpoint"], it["masquerade_port"]
    vertex = m.pods[it["pod"]]["node"]
    return start + trip(
        f.net, m.rows, m.journeys, slot, vertex, 1, row["request_bytes"], CARRIED
    ), _POD_REQUEST


@kernel
def opens(
    links: NDArray[Any],
    pods: NDArray[Any],
    rows: NDArray[Any],
    journeys: NDArray[Any],
    counters: NDArray[np.int64],
    slot: int,
    ready: int,
) -> None:
    """The kept connection that was opened for this request will be open then."""
    link = pod_link(journeys, slot)
    it, row = links[link], rows[slot]
    it["ready_ns"], it["via"] = ready, journeys[slot]["via"]
    it["entry"] = journeys[slot]["entry"]
    it["pod"], it["node"], it["service"] = row["pod"], row["node"], row["service"]
    it["endpoint"], it["masquerade_port"] = row["endpoint"], row["masquerade_port"]
    it["epoch"] = pods[row["pod"]]["epoch"]
    counters[LATER], counters[LATER_PLACE] = SETTLE, link


@kernel
def fails(
    links: NDArray[Any],
    rows: NDArray[Any],
    journeys: NDArray[Any],
    counters: NDArray[np.int64],
    slot: int,
    at: int,
) -> None:
    """The kept connection that was opened for this request fails then, unless it is open."""
    link = pod_link(journeys, slot)
    if link == NONE or links[link]["ready_ns"] < NEVER or links[link]["fails_ns"] < NEVER:
        return
    it = links[link]
    it["fails_ns"], it["outcome"] = at, rows[slot]["outcome"]
    it["entry"], it["via"] = journeys[slot]["entry"], journeys[slot]["via"]
    counters[LATER], counters[LATER_PLACE] = SETTLE, link


@kernel
def settle(f: Fixed, m: Moving, kept: int, now: int) -> None:
    """Those that wait for the connection go on."""
    slot = m.links[kept]["first"]
    m.links[kept]["first"] = m.links[kept]["last"] = NONE
    while slot != NONE:
        following = m.journeys[slot]["next"]
        time, kind = _carry_on(f, m, slot, kept, now)
        schedule(m.events, kind, time, ticket_at(m.rows, slot), slot)
        slot = following
