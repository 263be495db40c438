"""Parts of the compiled loop: a connection's port, its conntrack entry, and its end."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.engines.compiled.journeys import datagram
from emu.engines.compiled.layout import NONE, Fixed, Moving
from emu.engines.compiled.link import fails, pod_link
from emu.events import Kind
from emu.hops import conntrack
from emu.hops import ports as hosts
from emu.hops.conntrack import Closing, Conntrack, closing_of_datagrams
from emu.hops.ports import Ports
from emu.kernel import embedded, part

_ANSWER = int(Kind.ANSWER)
_SYN_SENT = int(Closing.SYN_SENT)


@embedded
def take(ports: Ports, route: int, count: int, rest: int, at: int) -> tuple[int, int]:
    """A source port of a route, as in `emu.hops.ports.take`."""
    return hosts.take(ports.routes, ports.resting, ports.room, route, count, rest, at)


@embedded
def release(ports: Ports, first: int, route: int, port: int, free: int, entry: int) -> None:
    """Give a source port back, as in `emu.hops.ports.release`."""
    hosts.release(ports.routes, ports.resting, ports.room, route, port - first, free, entry)


@embedded
def route_of_balancer(
    listeners: NDArray[Any], backends: NDArray[Any], journeys: NDArray[Any], slot: int
) -> int:
    """The route from the load balancer to its backend."""
    journey = journeys[slot]
    return int(
        backends[listeners[journey["listener"]]["first_backend"] + journey["backend"]]["route"]
    )


@embedded
def expire(
    table: Conntrack, timeouts: NDArray[np.int64], node: int, entry: int, at: int, state: int
) -> None:
    """Let a node's conntrack entry expire its time after then."""
    conntrack.close(
        table.keys, table.ends, table.loads, table.expiries, table.counters, table.live,
        table.servers, node, entry, at + timeouts[state], state,
    )  # fmt: skip


@part
def close_entry(f: Fixed, m: Moving, slot: int, at: int, state: int) -> None:
    """The conntrack entry of a connection that is not kept, if it has one, expires."""
    journey = m.journeys[slot]
    if journey["entry"] == 0 or (f.kept and pod_link(m.journeys, slot) != 0):
        return
    if datagram(f.datagrams, f.targets, m.journeys, slot):
        state = closing_of_datagrams(m.rows[slot]["node_ns"], at)
    expire(m.conntrack, f.timeouts, journey["via"], journey["entry"], at, state)


@part
def answered(f: Fixed, m: Moving, slot: int, back: int, held: int) -> tuple[int, int]:
    """The sender of the connection to the Pod has its answer then, or has given up; its port is
    ``held`` for so long after that, if the connection is not kept."""
    row, journey = m.rows[slot], m.journeys[slot]
    if journey["listener"] != NONE:
        row["lb_response_ns"] = back
    if f.kept and pod_link(m.journeys, slot) != 0:
        fails(m.links, m.rows, m.journeys, m.counters, slot, back)
        return back, _ANSWER
    if journey["listener"] == NONE:
        release(
            m.ports,
            f.first_port,
            journey["route"],
            row["client_port"],
            back + held,
            journey["entry"],
        )
        return back, _ANSWER
    route = route_of_balancer(f.net.listeners, m.backends, m.journeys, slot)
    release(m.ports, f.first_port, route, row["lb_port"], back + held, journey["entry"])
    return back, _ANSWER


@part
def out_of_patience(f: Fixed, m: Moving, slot: int) -> int:
    """When the sender gives up on a connection that is not answered."""
    row = m.rows[slot]
    start = row["sent_ns"] if m.journeys[slot]["listener"] == NONE else row["lb_ns"]
    if f.kept and pod_link(m.journeys, slot) > 0:
        start = m.links[pod_link(m.journeys, slot)]["start_ns"]
    return int(start + f.net.senders[m.journeys[slot]["sender"]]["patience_ns"])


@part
def silence(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """Nobody answers the sender, until it has no patience left."""
    back = max(now, out_of_patience(f, m, slot))
    close_entry(f, m, slot, back, _SYN_SENT)
    return answered(f, m, slot, back, 0)
