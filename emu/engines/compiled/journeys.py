"""Parts of the compiled loop: how long the journeys of a request's connections take."""

from typing import Any

from numpy.typing import NDArray

from emu.engines.compiled.layout import NONE, Net
from emu.hops import network
from emu.hops.network import CLIENT_CONNECTION, POD_CONNECTION, encrypting
from emu.kernel import embedded, kernel

Rows = NDArray[Any]
Journeys = NDArray[Any]


@embedded
def datagram(any_: bool, targets: NDArray[Any], journeys: Journeys, slot: int) -> bool:
    """Whether the request goes over UDP; if there are ``any_`` that do."""
    return bool(any_ and targets[journeys[slot]["target"]]["datagram"] != 0)


@embedded
def travel(
    net: Net,
    rows: Rows,
    journeys: Journeys,
    slot: int,
    vertex: int,
    hops: int,
    size: int,
    legs: tuple[int, int],
) -> int:
    """How long these journeys of the connection to the Pod take, between sender and vertex."""
    sender = net.senders[journeys[slot]["sender"]]
    return network.travel(
        net.legs, net.core, net.table, sender["vertex"], journeys[slot]["via"], vertex,
        sender["local_hops"], hops, size, legs[0], legs[1], POD_CONNECTION,
        net.seed, rows[slot]["request"], rows[slot]["attempt"],
    )  # fmt: skip


@embedded
def client_travel(
    net: Net, rows: Rows, slot: int, vertex: int, size: int, legs: tuple[int, int]
) -> int:
    """How long these journeys of the client's connection to a load balancer take."""
    its = net.clients[rows[slot]["client"]]
    return network.travel(
        net.legs, net.core, net.table, its["vertex"], vertex, vertex,
        its["local_hops"], 0, size, legs[0], legs[1], CLIENT_CONNECTION,
        net.seed, rows[slot]["request"], rows[slot]["attempt"],
    )  # fmt: skip


@kernel
def trip(
    net: Net,
    rows: Rows,
    journeys: Journeys,
    slot: int,
    vertex: int,
    hops: int,
    size: int,
    legs: tuple[int, int],
) -> int:
    """The same as `travel`, for where it is not worth being compiled into its callers."""
    return travel(net, rows, journeys, slot, vertex, hops, size, legs)


@kernel
def client_trip(
    net: Net, rows: Rows, slot: int, vertex: int, size: int, legs: tuple[int, int]
) -> int:
    """The same as `client_travel`, likewise."""
    return client_travel(net, rows, slot, vertex, size, legs)


@kernel
def encrypted(net: Net, rows: Rows, journeys: Journeys, slot: int, vertex: int) -> int:
    """How long TLS takes on the connection to the Pod, which is at that vertex.

    Of a load balancer that joins connections it is the client's.
    """
    listener, tls = journeys[slot]["listener"], net.clients[rows[slot]["client"]]["tls"]
    if listener != NONE and net.listeners[listener]["joins"] == 0:
        tls = net.listeners[listener]["tls"]
    return travel(net, rows, journeys, slot, vertex, 1, 0, encrypting(tls)) if tls else 0


@kernel
def client_encrypted(net: Net, rows: Rows, slot: int, vertex: int) -> int:
    """How long TLS takes on the client's connection to a load balancer at that vertex."""
    tls = net.clients[rows[slot]["client"]]["tls"]
    return client_travel(net, rows, slot, vertex, 0, encrypting(tls)) if tls else 0
