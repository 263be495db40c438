"""Parts of the compiled loop: how long the journeys of a request's connections take."""

from emu.engines.compiled.layout import NONE, Fixed, Moving
from emu.hops import network
from emu.hops.network import CLIENT_CONNECTION, POD_CONNECTION, encrypting
from emu.kernel import kernel, part


@part
def datagram(f: Fixed, m: Moving, slot: int) -> bool:
    """Whether the request goes over UDP."""
    return f.datagrams and f.targets[m.journeys[slot]["target"]]["datagram"] != 0


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


@kernel
def encrypted(f: Fixed, m: Moving, slot: int, vertex: int) -> int:
    """How long TLS takes on the connection to the Pod, which is at that vertex.

    Of a load balancer that joins connections it is the client's.
    """
    listener, tls = m.journeys[slot]["listener"], f.clients[m.rows[slot]["client"]]["tls"]
    if listener != NONE and f.listeners[listener]["joins"] == 0:
        tls = f.listeners[listener]["tls"]
    return travel(f, m, slot, vertex, 1, 0, encrypting(tls)) if tls else 0


@kernel
def client_encrypted(f: Fixed, m: Moving, slot: int, vertex: int) -> int:
    """How long TLS takes on the client's connection to a load balancer at that vertex."""
    tls = f.clients[m.rows[slot]["client"]]["tls"]
    return client_travel(f, m, slot, vertex, 0, encrypting(tls)) if tls else 0
