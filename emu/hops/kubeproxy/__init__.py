"""kube-proxy: what a node's rules make of a packet, one file a mode, and the contract.

A mode is a module in ``modes/`` with

- ``decide(view, packet) -> Decision``: what the node with this `NodeView` does with a first
  `Packet`, and to which endpoints it may go;
- ``pick(memory, server, table, count, source, port, seed, request, attempt) -> int``: a kernel that
  gives the place, from 0, of the endpoint that a new connection is translated to, among ``count``
  >= 1 of them. A *virtual server* is a destination address, port and protocol at one node; its own
  state begins at ``memory[server]``, a table that those with the same endpoints share at
  ``memory[table]``. ``source`` is the sender's IPv4 address as a number, ``port`` its port;
- ``prepare(settings, count)``, where it has a state: the int64 array that it begins with;
- ``table(settings, endpoints, destination)``, where it has a table: an int64 array; and
  ``looks_up(view, packet)``, where not every packet is looked up in it: for others ``table`` is -1;
- ``LOADS``, where it counts connections: from this place on in its state, the caller keeps two
  numbers for each endpoint: connections under way, and those that are over and still have a
  conntrack entry;
- ``KEPT_BY_ADDRESS``, true where session affinity holds for each address of a Service by itself;
- ``passed(view, packet)``, where it matters: how many rules about other Services a first packet
  goes through;
- ``NODE_PORT_ADDRESSES``: at which of a node's addresses NodePorts answer where the configuration
  says nothing; None for all.

kube-proxy always balances connections, never requests, and never tries a second endpoint.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import modes
from emu.hops.kubeproxy.view import Settings
from emu.kernel import dispatcher
from emu.registry import Registry

MODES = Registry(modes, "proxy mode")

pick = dispatcher("proxy_modes", [module.pick for module in MODES.values()])
"""``pick(mode, ...)`` for any mode, by its number in `MODES`."""


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
