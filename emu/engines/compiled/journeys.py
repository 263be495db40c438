"""Parts of the compiled loop: how long the journeys of a request's connections take."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
def _trip(
    legs: NDArray[Any],
    core: NDArray[np.int64],
    table: NDArray[np.float64],
    source: int,
    via: int,
    destination: int,
    source_hops: int,
    destination_hops: int,
    size: int,
    first: int,
    last: int,
    connection: int,
    seed: int,
    request: int,
) -> int:
    """`network.travel` by itself, not compiled into its callers."""
    return network.travel(
        legs, core, table, source, via, destination, source_hops, destination_hops, size,
        first, last, connection, seed, request, 0,
    )  # fmt: skip


@part
def trip(
    f: Fixed, m: Moving, slot: int, vertex: int, hops: int, size: int, legs: tuple[int, int]
) -> int:
    """The same as `travel`, for where it is not worth the time that it takes to compile."""
    sender = f.senders[m.journeys[slot]["sender"]]
    return _trip(
        f.legs, f.core, f.table, sender["vertex"], m.journeys[slot]["via"], vertex,
        sender["local_hops"], hops, size, legs[0], legs[1], POD_CONNECTION,
        f.seed, m.rows[slot]["request"],
    )  # fmt: skip


@part
def client_trip(
    f: Fixed, m: Moving, slot: int, vertex: int, size: int, legs: tuple[int, int]
) -> int:
    """The same as `client_travel`, likewise."""
    client = m.rows[slot]["client"]
    return _trip(
        f.legs, f.core, f.table, f.clients[client]["vertex"], vertex, vertex,
        f.clients[client]["local_hops"], 0, size, legs[0], legs[1], CLIENT_CONNECTION,
        f.seed, m.rows[slot]["request"],
    )  # fmt: skip


@part
def encrypted(f: Fixed, m: Moving, slot: int, vertex: int) -> int:
    """How long TLS takes on the connection to the Pod, which is at that vertex.

    Of a load balancer that joins connections it is the client's.
    """
    listener, tls = m.journeys[slot]["listener"], f.clients[m.rows[slot]["client"]]["tls"]
    if listener != NONE and f.listeners[listener]["joins"] == 0:
        tls = f.listeners[listener]["tls"]
    return trip(f, m, slot, vertex, 1, 0, encrypting(tls)) if tls else 0


@part
def client_encrypted(f: Fixed, m: Moving, slot: int, vertex: int) -> int:
    """How long TLS takes on the client's connection to a load balancer at that vertex."""
    tls = f.clients[m.rows[slot]["client"]]["tls"]
    return client_trip(f, m, slot, vertex, 0, encrypting(tls)) if tls else 0
