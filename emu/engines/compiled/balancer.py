"""Parts of the compiled loop: a load balancer forwards requests and passes answers on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.engines.blame import NOTHING, says_of_backend
from emu.engines.compiled.client import back_to_client, finish, to_pod
from emu.engines.compiled.connection import silence, take
from emu.engines.compiled.failing import kept_from_balancer, kept_from_sender
from emu.engines.compiled.layout import (
    CONCLUDE,
    DONE,
    FORWARD,
    LATER,
    LATER_NUMBER,
    LATER_PLACE,
    NONE,
    Fixed,
    Moving,
)
from emu.engines.compiled.link import pod_link
from emu.engines.compiled.node import open_connection
from emu.hops import ports as hosts
from emu.hops.balancer import finished, pick, probe, started
from emu.hops.balancer.limiting import SHED, admits, is_full
from emu.hops.balancer.outliers import hear
from emu.hops.pool import next_number
from emu.kernel import cold, embedded, kernel, part
from emu.recorder.rows import Outcome

_SHED = int(Outcome.SHED)
_BAD_GATEWAY = int(Outcome.BAD_GATEWAY)
_PORTS_EXHAUSTED = int(Outcome.PORTS_EXHAUSTED)
_CONNECT_TIMEOUT = int(Outcome.CONNECT_TIMEOUT)


@part
def lb_request(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The strategy picks a backend, and the balancer opens a connection to it."""
    row, journey = m.rows[slot], m.journeys[slot]
    listener = journey["listener"]
    if f.live:
        time, kind = kept_from_balancer(f, m, slot, now)
        if time != NONE:
            return time, kind
    if f.kept and _keeps(m.journeys, f.net.listeners, slot):
        m.counters[LATER], m.counters[LATER_PLACE] = FORWARD, slot
        return NONE, NONE
    backend = pick_for(f, m, slot, now)
    if backend < 0:
        return unable(f, m, slot, without_backend(backend), now)
    journey["backend"] = backend
    strategy, backends, memory = balanced(f.net.listeners, m.backends, m.memory, listener)
    place, before = take(m.ports, backends[backend]["route"], f.ports, f.port_rest, now)
    if place == hosts.EXHAUSTED:
        return unable(f, m, slot, _PORTS_EXHAUSTED, now)
    started(strategy, backends, memory, backend)
    row["lb_port"] = f.first_port + place
    row["lb_connection"] = next_number(m.pools.room)
    journey["before"] = before
    return open_to_backend(f, m, slot, now)


@kernel
def _keeps(journeys: NDArray[Any], listeners: NDArray[Any], slot: int) -> bool:
    """Whether the balancer's connection is for further requests: its own, or its client's."""
    own = listeners[journeys[slot]["listener"]]["first_pool"] != 0
    return bool(own or _is_joined(journeys, listeners, slot))


@kernel
def _is_joined(journeys: NDArray[Any], listeners: NDArray[Any], slot: int) -> bool:
    """Whether the balancer's connection is joined to one that the client keeps."""
    joins = listeners[journeys[slot]["listener"]]["joins"] != 0
    return bool(joins and journeys[slot]["connection"] != 0)


@kernel
def _release(
    journeys: NDArray[Any],
    rows: NDArray[Any],
    listeners: NDArray[Any],
    counters: NDArray[np.int64],
    slot: int,
) -> None:
    """The kept connection to the Pod, if it is one, is done with the request that is answered."""
    link = pod_link(journeys, slot)
    if link > 0 and not _is_joined(journeys, listeners, slot):
        counters[LATER], counters[LATER_PLACE] = DONE, link
        counters[LATER_NUMBER] = rows[slot]["outcome"]


@part
def pick_for(f: Fixed, m: Moving, slot: int, now: int) -> int:
    """The backend that the strategy picks for a request, or -1; `SHED` beyond the limits."""
    row, listener = m.rows[slot], m.journeys[slot]["listener"]
    strategy, backends, memory = balanced(f.net.listeners, m.backends, m.memory, listener)
    if f.limited and not admits(m.limits, listener, backends, now):
        return SHED
    key = f.net.clients[m.rows[slot]["client"]]["address"] + m.journeys[slot]["turn"]
    draw = (f.net.seed, row["request"], row["attempt"])
    backend = int(pick(strategy, backends, memory, now, key, draw[0], draw[1], draw[2]))
    if f.probed and f.net.listeners[listener]["probes"] != 0:
        probe(
            strategy, backends, memory, f.endpoints, m.pods, m.reports, now,
            draw[0], draw[1], draw[2],
        )  # fmt: skip
    if f.limited and backend >= 0 and is_full(m.limits, listener, backends, backend):
        return SHED
    return backend


@embedded
def without_backend(backend: int) -> int:
    """The outcome of a request for which there is none, by what stands for it."""
    return _SHED if backend == SHED else _BAD_GATEWAY


@part
def unable(f: Fixed, m: Moving, slot: int, outcome: int, now: int) -> tuple[int, int]:
    """The balancer cannot forward the request."""
    m.rows[slot]["outcome"] = outcome
    m.rows[slot]["lb_response_ns"] = now
    return back_to_client(f, m, slot, now)


@part
def open_to_backend(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """Open a connection to the backend: to a node's NodePort, or to an endpoint."""
    m.rows[slot]["new_connection"] += 2
    its = f.net.listeners[m.journeys[slot]["listener"]]
    it = m.backends[its["first_backend"] + m.journeys[slot]["backend"]]
    if it["endpoint"] != NONE:
        return _to_endpoint(f, m, slot, its["service"], it["endpoint"], now)
    return open_connection(f, m, slot, int(it["node"]), its["service"], it["rule"], now)


@part
def _to_endpoint(
    f: Fixed, m: Moving, slot: int, service: int, endpoint: int, now: int
) -> tuple[int, int]:
    """Straight to an endpoint, translated by nobody; silence where no Pod has its address."""
    row, its = m.rows[slot], f.endpoints[endpoint]
    row["service"], row["endpoint"] = service, endpoint
    if its["pod"] == NONE:
        row["outcome"] = _CONNECT_TIMEOUT
        return silence(f, m, slot, now)
    return to_pod(f, m, slot, its["pod"], its["port"], now)


@embedded
def balanced(
    listeners: NDArray[Any], backends: NDArray[Any], memory: NDArray[np.int64], listener: int
) -> tuple[int, NDArray[Any], NDArray[np.int64]]:
    """A listener's strategy, its backends, and the strategy's memory."""
    its = listeners[listener]
    its_memory = memory[its["first_memory"] : its["end_memory"]]
    return its["strategy"], backends[its["first_backend"] : its["end_backend"]], its_memory


@part
def answer(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """A balancer passes the answer on; a client that is itself the sender has it."""
    listener = m.journeys[slot]["listener"]
    if f.live:
        time, kind = kept_from_sender(f, m, slot, now)
        if time != NONE:
            return time, kind
    if listener == NONE:
        if f.aside and f.net.clients[m.rows[slot]["client"]]["watched"] != 0:
            m.counters[LATER], m.counters[LATER_PLACE] = CONCLUDE, slot
            return NONE, NONE
        return finish(f, m, slot, now)
    if f.kept:
        _release(m.journeys, m.rows, f.net.listeners, m.counters, slot)
    if f.kept and _is_joined(m.journeys, f.net.listeners, slot):
        if f.ejecting:
            _hear(f, m, slot, now)
        return back_to_client(f, m, slot, now)
    strategy, backends, memory = balanced(f.net.listeners, m.backends, m.memory, listener)
    latency = now - m.rows[slot]["lb_ns"]
    finished(strategy, backends, memory, m.journeys[slot]["backend"], now, latency)
    if f.ejecting:
        _hear(f, m, slot, now)
    return back_to_client(f, m, slot, now)


@cold
def _hear(f: Fixed, m: Moving, slot: int, now: int) -> None:
    """Whether the backend has failed may eject it."""
    row, listener = m.rows[slot], m.journeys[slot]["listener"]
    its = f.net.listeners[listener]
    says = says_of_backend(row["outcome"], its["joins"], row["new_connection"])
    if says == NOTHING:
        return
    strategy, backends, memory = balanced(f.net.listeners, m.backends, m.memory, listener)
    monitors = m.monitors[its["first_backend"] : its["end_backend"]]
    hear(
        strategy, backends, memory, monitors, m.detectors, m.ejections, listener,
        m.journeys[slot]["backend"], now, says,
    )  # fmt: skip
