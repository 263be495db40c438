"""kube-proxy: what a node's rules make of a packet, one file a mode, and the contract.

A mode is a module in ``modes/`` with

- ``decide(view, packet) -> Decision``: what the node with this `NodeView` does with a first
  `Packet`, and to which endpoints it may go;
- ``prepare(settings, count)``, where it remembers something of a *virtual server*, which is a
  destination address, port and protocol at one node: the int64 array that it begins with;
- ``table(settings, endpoints, destination)``, where it looks endpoints up: an int64 array, which
  virtual servers with the same endpoints share; and ``looks_up(view, packet)``, where it does so
  for some packets alone;
- ``pick(memory, server, table, count, source, port)``, where it has one or the other: a kernel that
  gives the place, from 0, of the endpoint that a new connection is translated to, among ``count``
  >= 1 of them. What it remembers begins at ``memory[server]``, the table at ``memory[table]``,
  either -1 where there is none; ``source`` is the sender's IPv4 address as a number, ``port`` its
  port. Where there is neither, an endpoint is drawn, each with the same chance;
- ``LOADS``, where it counts connections: from this place on in its state, the caller keeps two
  numbers for each endpoint: connections under way, and those that are over and still have a
  conntrack entry;
- ``KEPT_BY_ADDRESS``, true where session affinity holds for each address of a Service by itself;
- ``passed(view, packet)``, where it matters: how many rules about other Services a first packet
  goes through;
- ``written(everything, changed)``, where it is others than those of the Service ports that have
  changed: how many rules a sync writes, by the `Size` of all and of these;
- ``NODE_PORT_ADDRESSES``: at which of a node's addresses NodePorts answer where the configuration
  says nothing; None for all.

kube-proxy always balances connections, never requests, and never tries a second endpoint.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import modes
from emu.hops.kubeproxy.services import Size
from emu.hops.kubeproxy.view import Settings
from emu.kernel import dispatcher, embedded, kernel
from emu.random_streams import ENDPOINT, uniform
from emu.registry import Registry

MODES = Registry(modes, "proxy mode")


@kernel
def _first(
    memory: NDArray[np.int64], server: int, table: int, count: int, source: int, port: int
) -> int:
    """For modes that draw an endpoint."""
    return 0


_pick = dispatcher("proxy_modes", [getattr(module, "pick", _first) for module in MODES.values()])


@embedded
def choose(
    mode: int,
    memory: NDArray[np.int64],
    server: int,
    table: int,
    count: int,
    source: int,
    port: int,
    seed: int,
    request: int,
    attempt: int,
) -> int:
    """The place of an endpoint, as the mode with this number in `MODES` picks or draws it."""
    if server < 0 and table < 0:
        return int(uniform(seed, ENDPOINT, request, attempt) * count)
    return int(_pick(mode, memory, server, table, count, source, port))


def rules_written(mode: str, everything: Size, changed: Size) -> int:
    """How many rules a sync writes after these Service ports have changed."""
    written = getattr(MODES[mode], "written", None)
    return sum(changed) if written is None else written(everything, changed)


def first_state(mode: str, settings: Settings, endpoints: int) -> NDArray[np.int64]:
    """What a virtual server with so many endpoints begins with; empty where it has no state."""
    prepare = getattr(MODES[mode], "prepare", None)
    return np.zeros(0, np.int64) if prepare is None else prepare(settings, endpoints)


def shared_table(
    mode: str, settings: Settings, endpoints: Sequence[Endpoint], destination: str
) -> NDArray[np.int64]:
    """The table of the virtual servers with these endpoints; empty where the mode has none."""
    table = getattr(MODES[mode], "table", None)
    return np.zeros(0, np.int64) if table is None else table(settings, endpoints, destination)
