"""Parts of the compiled loop: a load balancer forwards requests and passes answers on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.engines.compiled.client import back_to_client, finish, to_pod
from emu.engines.compiled.connection import silence, take
from emu.engines.compiled.layout import NONE, Fixed, Moving
from emu.engines.compiled.node import open_connection
from emu.hops import ports as hosts
from emu.hops.balancer import finished, pick, started
from emu.kernel import part
from emu.recorder.rows import Outcome

_BAD_GATEWAY = int(Outcome.BAD_GATEWAY)
_PORTS_EXHAUSTED = int(Outcome.PORTS_EXHAUSTED)
_CONNECT_TIMEOUT = int(Outcome.CONNECT_TIMEOUT)


@part
def lb_request(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """The strategy picks a backend, and the balancer opens a connection to it."""
    row, journey = m.rows[slot], m.journeys[slot]
    listener = journey["listener"]
    strategy, backends, memory = _balanced(f, m, listener)
    backend = pick(
        strategy, backends, memory, now, _address_of_client(f, m, slot), f.seed, row["request"], 0
    )
    if backend < 0:
        row["outcome"] = _BAD_GATEWAY
        row["lb_response_ns"] = now
        return back_to_client(f, m, slot, now)
    journey["backend"] = backend
    place, before = take(f, m, backends[backend]["route"], now)
    if place == hosts.EXHAUSTED:
        row["outcome"] = _PORTS_EXHAUSTED
        row["lb_response_ns"] = now
        return back_to_client(f, m, slot, now)
    started(strategy, backends, memory, backend)
    row["lb_port"] = f.first_port + place
    journey["before"] = before
    service, endpoint = f.listeners[listener]["service"], backends[backend]["endpoint"]
    if endpoint != NONE:
        return _to_endpoint(f, m, slot, service, endpoint, now)
    node = int(backends[backend]["node"])
    return open_connection(f, m, slot, node, service, backends[backend]["rule"], now)


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


@part
def _balanced(f: Fixed, m: Moving, listener: int) -> tuple[int, NDArray[Any], NDArray[np.int64]]:
    """A listener's strategy, its backends, and the strategy's memory."""
    its = f.listeners[listener]
    backends = m.backends[its["first_backend"] : its["end_backend"]]
    return its["strategy"], backends, m.memory[its["first_memory"] : its["end_memory"]]


@part
def _address_of_client(f: Fixed, m: Moving, slot: int) -> int:
    """The IPv4 address that the client's request comes from, as a number."""
    return int(f.clients[m.rows[slot]["client"]]["address"] + m.journeys[slot]["turn"])


@part
def answer(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """A balancer passes the answer on; a client that is itself the sender has it."""
    listener = m.journeys[slot]["listener"]
    if listener == NONE:
        return finish(f, m, slot, now)
    strategy, backends, memory = _balanced(f, m, listener)
    latency = now - m.rows[slot]["lb_ns"]
    finished(strategy, backends, memory, m.journeys[slot]["backend"], now, latency)
    return back_to_client(f, m, slot, now)
