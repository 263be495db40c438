"""Parts of the compiled loop: a connection's ports, journeys, and end."""

from emu.engines.compiled.layout import NONE, Fixed, Moving
from emu.events import Kind
from emu.hops import conntrack, network
from emu.hops import ports as hosts
from emu.hops.conntrack import Closing, closing_of_datagrams
from emu.hops.network import CLIENT_CONNECTION, POD_CONNECTION
from emu.kernel import part

_ANSWER = int(Kind.ANSWER)
_SYN_SENT = int(Closing.SYN_SENT)


@part
def take(f: Fixed, m: Moving, route: int, at: int) -> tuple[int, int]:
    """A source port, as in `emu.hops.ports.take`."""
    routes, resting, room = m.ports
    return hosts.take(routes, resting, room, route, f.ports, f.port_rest, at)


@part
def release(f: Fixed, m: Moving, route: int, port: int, free: int, entry: int) -> None:
    """Give a source port back, as in `emu.hops.ports.release`."""
    routes, resting, room = m.ports
    hosts.release(routes, resting, room, route, port - f.first_port, free, entry)


@part
def datagram(f: Fixed, m: Moving, slot: int) -> bool:
    """Whether the request goes over UDP."""
    return f.datagrams and f.targets[m.journeys[slot]["target"]]["datagram"] != 0


@part
def route_of_balancer(f: Fixed, m: Moving, slot: int) -> int:
    """The route from the load balancer to its backend."""
    journey = m.journeys[slot]
    first = f.listeners[journey["listener"]]["first_backend"]
    return int(m.backends[first + journey["backend"]]["route"])


@part
def travel(
    f: Fixed, m: Moving, slot: int, vertex: int, hops: int, size: int, legs: tuple[int, int]
) -> int:
    """How long these journeys of the connection to the Pod take, between sender and vertex."""
    sender = f.senders[m.journeys[slot]["sender"]]
    return network.travel(
        f.legs, f.core, f.table, sender["vertex"], m.journeys[slot]["via"], vertex,
        sender["local_hops"], hops, size, legs[0], legs[1], POD_CONNECTION,
        f.seed, m.rows[slot]["request"], 0,
    )  # fmt: skip


@part
def client_travel(
    f: Fixed, m: Moving, slot: int, vertex: int, size: int, legs: tuple[int, int]
) -> int:
    """How long these journeys of the client's connection to a load balancer take."""
    client = m.rows[slot]["client"]
    return network.travel(
        f.legs, f.core, f.table, f.clients[client]["vertex"], vertex, vertex,
        f.clients[client]["local_hops"], 0, size, legs[0], legs[1], CLIENT_CONNECTION,
        f.seed, m.rows[slot]["request"], 0,
    )  # fmt: skip


@part
def close_entry(f: Fixed, m: Moving, slot: int, at: int, state: int) -> None:
    """Let the connection's conntrack entry, if it has one, expire its time after then."""
    journey, table = m.journeys[slot], m.conntrack
    if journey["entry"] == 0:
        return
    if datagram(f, m, slot):
        state = closing_of_datagrams(m.rows[slot]["node_ns"], at)
    conntrack.close(
        table.keys, table.ends, table.loads, table.expiries, table.counters, table.live,
        table.servers, journey["via"], journey["entry"], at + f.timeouts[state], state,
    )  # fmt: skip


@part
def answered(f: Fixed, m: Moving, slot: int, back: int, held: int) -> tuple[int, int]:
    """The sender of the connection to the Pod has its answer then, or has given up; its port is
    ``held`` for so long after that."""
    row, journey = m.rows[slot], m.journeys[slot]
    if journey["listener"] == NONE:
        release(f, m, journey["route"], row["client_port"], back + held, journey["entry"])
        return back, _ANSWER
    row["lb_response_ns"] = back
    route = route_of_balancer(f, m, slot)
    release(f, m, route, row["lb_port"], back + held, journey["entry"])
    return back, _ANSWER


@part
def out_of_patience(f: Fixed, m: Moving, slot: int) -> int:
    """When the sender gives up on a connection that is not answered."""
    row = m.rows[slot]
    start = row["sent_ns"] if m.journeys[slot]["listener"] == NONE else row["lb_ns"]
    return int(start + f.senders[m.journeys[slot]["sender"]]["patience_ns"])


@part
def silence(f: Fixed, m: Moving, slot: int, now: int) -> tuple[int, int]:
    """Nobody answers the sender, until it has no patience left."""
    back = max(now, out_of_patience(f, m, slot))
    close_entry(f, m, slot, back, _SYN_SENT)
    return answered(f, m, slot, back, 0)
